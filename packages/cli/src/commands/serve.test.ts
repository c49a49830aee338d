import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../server/src/free-port.test-world.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import { operate } from '../control.ts'
import { serve } from './serve.ts'

const SEAL = randomBytes(32).toString('base64')
const KEY = 'a shared key of thirty-two bytes!'
const SHOP = 'http://shop.localhost:4001'

async function listen(status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Not by fetch, which adds a Sec-Fetch-Mode of its own: a navigation says "navigate". */
async function get(address: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  const [answer] = (await once(request(address, { headers, agent: false }).end(), 'response')) as [IncomingMessage]
  return answer.resume()
}

const cookiesOf = ({ headers }: IncomingMessage): string =>
  (headers['set-cookie'] ?? []).map((text) => text.split(';')[0]).join('; ')

/** Signs a user in as a login page does, and has the shop ask once; the cookies of the browser. */
async function signIn(origin: string): Promise<string> {
  const headers = { referer: `${SHOP}/`, 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }
  const query = new URLSearchParams({ return_to: `${SHOP}/` })
  const away = await get(`${origin}/isthmus/login?${query}`, headers)
  const nonce = new URL(away.headers.location ?? '', origin).searchParams.get('isthmus')
  const assertion = await new SignJWT({ aud: origin, sub: 'ann', nonce, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(new TextEncoder().encode(KEY))
  const back = await get(`${origin}/isthmus/assertion?assertion=${assertion}`, { cookie: cookiesOf(away) })
  expect(back.statusCode).toBe(303)
  const cookie = cookiesOf(back)
  const asked = await fetch(`${origin}/isthmus/session`, {
    headers: { cookie, 'isthmus-origin': SHOP, 'sec-fetch-site': 'same-origin' },
  })
  expect(await asked.text()).toContain('"sub":"ann"')
  return cookie
}

test('serves, signs in, takes orders, says in words which site refuses logouts, and ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-serve-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const shop = { id: 'shop', origins: [SHOP], backchannelLogoutUri: `${await listen(403)}/logout` }
  const config: LoadedConfig = {
    file: 'isthmus.config.yaml',
    hub: { origin, sites: [shop], keySeal: SEAL },
    store: join(folder, 'data'),
    login: { assertion: { key: KEY } },
    admin: { keys: [{ name: 'crm', key: 'a-key-of-the-crm-that-is-long-enough' }] },
    listen: { host: '127.0.0.1', port },
    tls: undefined,
  }
  const results: unknown[] = []
  const said: string[] = []
  const end = new AbortController()
  const output = {
    result: (value: unknown) => void results.push(value),
    line: () => {},
    progress: (text: string) => void said.push(text),
  }
  const serving = serve(config, output, end.signal)
  try {
    await expect.poll(() => results, { timeout: 10_000 }).toEqual([{ event: 'listening', url: origin, origin }])
    // A second one would not hear of what the first one does.
    await expect(serve(config, output, end.signal)).rejects.toThrow(/^store: a hub runs in .*data already/)
    const elsewhere = { ...config, store: join(folder, 'other') }
    await expect(serve(elsewhere, output, end.signal)).rejects.toThrow(/^listen: .* is taken by another program/)
    await signIn(origin)
    const [session] = await operate(config, (hub) => hub.sessionsList('ann'))
    expect(session?.sub).toBe('ann')
    const [key] = await operate(config, (hub) => hub.keysList())
    expect(key?.sealed).toBe(true)
    const headers = { authorization: `Bearer ${config.admin?.keys[0]?.key}` }
    const listed = await fetch(`${origin}/isthmus/admin/sessions?sub=ann`, { headers })
    expect(await listed.json()).toMatchObject({ sessions: [{ sid: session?.sid }] })
    expect(said.join('\n')).toMatch(/^\S+Z admin crm listSessions ann done$/m)
    expect(await operate(config, (hub) => hub.sessionsRevokeAll('ann'))).toBe(1)
    await expect
      .poll(() => said.join('\n'), { timeout: 10_000 })
      .toMatch(
        /The back end of "shop" did not take a logout \(attempt 1\): 403, as of a framework .*exempt the address from CSRF/,
      )
  } finally {
    end.abort()
    await serving
  }
  expect(results.at(-1)).toEqual({ event: 'ended' })
  // No hub runs here any more: the store itself is asked.
  expect(await operate(config, (hub) => hub.subjectsExport('ann'))).toMatchObject({ sessions: [{ ended: {} }] })
  expect(await operate(config, (hub) => hub.subjectsErase('ann'))).toBe(1)
  expect(await operate(config, (hub) => hub.subjectsExport('ann'))).toEqual({ sub: 'ann', sessions: [] })
  const next = await operate(config, (hub) => hub.keysRotate())
  expect(next.sealed).toBe(true)
  await expect(operate({ ...config, hub: { origin, sites: [shop] } }, (hub) => hub.keysList())).rejects.toThrow(
    /keySeal does not open the signing keys/,
  )
  expect(await operate(config, (hub) => hub.sessionsList('ann'))).toEqual([])
})
