import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Request as HttpRequest } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { backchannelLogout, isthmus, mirrorEndpoint } from './express.ts'
import type { Verifier } from './index.ts'
import { createWorld } from './token.test-world.ts'

@Injectable()
class MembersGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user, error } = context.switchToHttp().getRequest<HttpRequest>().isthmus
    if (!user) throw new UnauthorizedException(error.code)
    return true
  }
}

@Controller('members')
class MembersController {
  @Get()
  @UseGuards(MembersGuard)
  show(@Req() { isthmus: { user } }: HttpRequest): string {
    return `For members: ${user?.sub}`
  }
}

@Module({ controllers: [MembersController] })
class SiteModule {}

async function startSite(verifier: Verifier): Promise<string> {
  const app = await NestFactory.create(SiteModule, { logger: false })
  app.use('/isthmus/backchannel-logout', backchannelLogout(verifier))
  app.use(mirrorEndpoint(verifier, { origins: ['https://shop.example'] }))
  app.use(isthmus(verifier))
  await app.listen(0, '127.0.0.1')
  onTestFinished(() => app.close())
  return `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`
}

test('NestJS: a guard, as in the guide', async () => {
  await using world = await createWorld()
  const site = await startSite(world.verifier({ mirror: 'endpoint' }))
  const json = { origin: 'https://shop.example', 'content-type': 'application/json' }
  const body = JSON.stringify({ token: await world.token() })
  const kept = await fetch(`${site}/isthmus/mirror`, { method: 'POST', body, headers: json })
  const cookie = kept.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const members = async (headers: Record<string, string> = {}): Promise<unknown[]> => {
    const answer = await fetch(`${site}/members`, { headers })
    return [answer.status, await answer.text(), answer.headers.get('cache-control')]
  }
  const refused = (code: string): unknown[] => [401, expect.stringContaining(code), 'private, no-cache']
  expect(await members()).toEqual(refused('token-missing'))
  expect(await members({ cookie })).toEqual([200, 'For members: customer', 'private, no-cache'])
  const logout = async (token: string): Promise<number> => {
    const form = new URLSearchParams({ logout_token: token })
    return (await fetch(`${site}/isthmus/backchannel-logout`, { method: 'POST', body: form })).status
  }
  expect(await logout(await world.logoutToken({ aud: 'news' }))).toBe(400)
  expect(await logout(await world.logoutToken())).toBe(200)
  expect(await members({ cookie })).toEqual(refused('token-revoked'))
})
