import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import { describe, expect, test, vi } from 'vitest'
import { isthmus, mirrorEndpoint } from './express.ts'
import { memoryRevocations } from './revocations.ts'
import { createWorld, type World } from './token.test-world.ts'

const ORIGIN = 'https://shop.example'

interface Site extends AsyncDisposable {
  readonly url: string
}

async function serve(app: Express): Promise<Site> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const post = (token: unknown, changes: RequestInit = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ token }),
  ...changes,
  headers: { origin: ORIGIN, 'content-type': 'application/json', ...changes.headers },
})

describe('isthmus()', () => {
  test('gives every request its verdict, and keeps the answer from other readers', async () => {
    await using world = await createWorld()
    const app = express().use(isthmus(world.verifier()))
    app.get('/', (request, response) => {
      response.json({ status: request.isthmus.status, name: request.isthmus.user?.name ?? null })
    })
    await using site = await serve(app)

    const known = await fetch(site.url, {
      headers: { cookie: `isthmus_token=${await world.token({ name: 'Customer' })}` },
    })
    expect(await known.json()).toEqual({ status: 'signed-in', name: 'Customer' })
    expect(known.headers.get('cache-control')).toBe('private, no-cache')
    expect(known.headers.get('vary')).toMatch(/cookie/i)
    expect(await (await fetch(site.url)).json()).toEqual({ status: 'unknown', name: null })
  })

  test('a memory that fails is an error of the request, and nobody is let in', async () => {
    await using world = await createWorld()
    const revocations = { ...memoryRevocations(), get: () => Promise.reject(new Error('no connection')) }
    const app = express().use(isthmus(world.verifier({ revocations })))
    app.get('/', (_, response) => void response.send('in'))
    app.use(
      ((_error, _request, response, _next) => void response.status(500).send('failed')) as express.ErrorRequestHandler,
    )
    await using site = await serve(app)
    const answer = await fetch(site.url, { headers: { authorization: `Bearer ${await world.token()}` } })
    expect([answer.status, await answer.text()]).toEqual([500, 'failed'])
  })
})

describe('mirrorEndpoint()', () => {
  async function withMirror(act: (world: World, site: Site) => Promise<void>, parser?: express.Handler): Promise<void> {
    await using world = await createWorld()
    const verifier = world.verifier({ mirror: 'endpoint' })
    const app = express()
    if (parser) app.use(parser)
    app.use(mirrorEndpoint(verifier, { origins: [ORIGIN, 'https://www.shop.example'] }))
    app.use(isthmus(verifier))
    app.get('/', (request, response) => void response.json(request.isthmus.user ?? null))
    await using site = await serve(app)
    await act(world, site)
  }

  for (const [name, parser] of [
    ['without a body parser', undefined],
    ['behind express.json()', express.json()],
  ] as const) {
    test(`keeps a good token in a cookie that no script reads, ${name}`, () =>
      withMirror(async (world, site) => {
        const token = await world.token()
        const answer = await fetch(`${site.url}/isthmus/mirror`, post(token))
        expect(answer.status).toBe(204)
        expect(answer.headers.get('cache-control')).toBe('no-store')
        expect(answer.headers.getSetCookie()).toEqual([
          // No Expires: a browser clock that is six minutes ahead would drop it.
          `__Host-isthmus_token=${token}; Max-Age=300; Path=/; HttpOnly; Secure; SameSite=Lax`,
        ])
        const [cookie = ''] = answer.headers.getSetCookie()[0]?.split(';') ?? []
        expect(await (await fetch(site.url, { headers: { cookie } })).json()).toEqual({ sub: 'customer' })
      }, parser))
  }

  test('takes it away', () =>
    withMirror(async (_, site) => {
      const answer = await fetch(`${site.url}/isthmus/mirror`, { method: 'DELETE', headers: { origin: ORIGIN } })
      expect(answer.status).toBe(204)
      expect(answer.headers.getSetCookie()).toEqual([
        '__Host-isthmus_token=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      ])
    }))

  const origins: Record<string, string | undefined> = {
    none: undefined,
    null: 'null',
    'another site': 'https://evil.example',
    'a neighbour below the same domain': 'https://evil.shop.example',
    'the same host by http': 'http://shop.example',
    'another port': `${ORIGIN}:8443`,
    'a longer name': `${ORIGIN}.evil.example`,
  }
  for (const [name, origin] of Object.entries(origins)) {
    test(`refuses a request from elsewhere (login CSRF): ${name}`, () =>
      withMirror(async (world, site) => {
        for (const method of ['POST', 'DELETE']) {
          const { headers, ...init } = post(await world.token(), { method })
          const { origin: _, ...rest } = headers as Record<string, string>
          const answer = await fetch(`${site.url}/isthmus/mirror`, {
            ...init,
            headers: { ...rest, ...(origin !== undefined && { origin }) },
          })
          expect(answer.status).toBe(403)
          expect(await answer.json()).toMatchObject({ error: 'origin-refused' })
          expect(answer.headers.getSetCookie()).toEqual([])
        }
      }))
  }

  test('refuses what is not verified, and sets nothing', () =>
    withMirror(async (world, site) => {
      const bodies: [RequestInit, number, string][] = [
        [post(await world.token({ aud: 'news' })), 401, 'token-wrong-audience'],
        [post('x'), 401, 'token-malformed'],
        [post(''), 401, 'token-missing'],
        [post('x'.repeat(8193)), 413, 'token-too-long'],
        [post({ token: 1 }), 400, 'invalid-request'],
        [post(undefined, { body: 'null' }), 400, 'invalid-request'],
        [post(undefined, { body: '{' }), 400, 'invalid-request'],
        [post('x', { headers: { 'content-type': 'text/plain' } }), 400, 'invalid-request'],
        [post('x', { method: 'PUT' }), 404, 'not-found'],
      ]
      for (const [init, status, error] of bodies) {
        const answer = await fetch(`${site.url}/isthmus/mirror`, init)
        expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([status, error])
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    }))

  for (const [name, origin, status] of [
    ['of ours', ORIGIN, 413],
    ['from elsewhere', 'https://evil.example', 403],
  ] as const) {
    // Regression: the rest of an unread body held up the connection until it was cut.
    test(`a body of 20 MB ${name} is answered, not kept, and the site goes on`, () =>
      withMirror(async (_, site) => {
        const body = 'a'.repeat(20 * 1024 * 1024)
        for (let round = 0; round < 3; round++) {
          expect((await fetch(`${site.url}/isthmus/mirror`, post('', { body, headers: { origin } }))).status).toBe(
            status,
          )
        }
        expect((await fetch(`${site.url}/`)).status).toBe(200)
      }))
  }

  test('leaves other paths alone', () =>
    withMirror(async (_, site) => {
      expect((await fetch(`${site.url}/isthmus/mirror/x`, { method: 'POST' })).status).toBe(404)
      expect(await (await fetch(`${site.url}/?a=/isthmus/mirror`)).json()).toBeNull()
    }))

  // Regression: the browser dropped the cookie without a word, and so did the server.
  test('a token that no cookie can hold is refused in words', () =>
    withMirror(async (world, site) => {
      const log = vi.spyOn(console, 'error').mockReturnValue()
      try {
        const token = await world.token({ name: 'x'.repeat(3200) })
        expect(token.length).toBeGreaterThan(4096)
        const answer = await fetch(`${site.url}/isthmus/mirror`, post(token))
        expect([answer.status, answer.headers.getSetCookie()]).toEqual([413, []])
        expect(await answer.json()).toMatchObject({
          error: 'token-too-long',
          message: expect.stringContaining('let the hub give this site fewer claims'),
        })
        expect(log).toHaveBeenCalledTimes(1)
      } finally {
        log.mockRestore()
      }
    }))

  test('answers with a slash at the end, too: frameworks that insist on one redirect there', () =>
    withMirror(async (world, site) => {
      expect((await fetch(`${site.url}/isthmus/mirror/`, post(await world.token()))).status).toBe(204)
    }))

  test('does not start with a verifier that would not read its cookie', async () => {
    await using world = await createWorld()
    const start = (): unknown => mirrorEndpoint(world.verifier(), { origins: [ORIGIN] })
    expect(start).toThrow(/^@isthmus\/site: mirror needs "endpoint"/)
  })

  test('does not start without the origins it must insist on', async () => {
    await using world = await createWorld()
    for (const origins of [[], ['*'], ['https://shop.example/'], ['http://shop.example'], ['null']]) {
      expect(() => mirrorEndpoint(world.verifier({ mirror: 'endpoint' }), { origins })).toThrow(
        /^@isthmus\/site: origins needs/,
      )
    }
  })
})
