import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express, { type Express, type RequestHandler } from 'express'
// @ts-expect-error The types of Express 4 and 5 cannot stand side by side.
import express4 from 'express-4'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import serverless from 'serverless-http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { backchannelLogout, isthmus, mirrorEndpoint } from './express.ts'
import { mirrorEndpoint as keepToken, backchannelLogout as receiveLogout, type Verifier } from './index.ts'
import { toNode } from './node.ts'
import { createWorld, type World } from './token.test-world.ts'

const ORIGIN = 'https://shop.example'
const LOGOUT = '/isthmus/backchannel-logout'

/** A site, wherever it runs: it says at `/` whom it knows. */
type Site = (path: string, init?: RequestInit) => Promise<Response>

async function listen(listener: RequestListener): Promise<Site> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (path, init) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init)
}

/** As in the guide; Express 4 and 5 are used alike. */
function inExpress(app: Express, verifier: Verifier, ...parsers: readonly RequestHandler[]): Express {
  for (const parser of parsers) app.use(parser)
  app.post(LOGOUT, backchannelLogout(verifier) as RequestHandler)
  app.use(mirrorEndpoint(verifier, { origins: [ORIGIN] }) as RequestHandler)
  app.use(isthmus(verifier) as RequestHandler)
  app.get('/', (request, response) => void response.json(request.isthmus.user?.sub ?? null))
  return app
}

/** What every site of this kind has to do, whatever it is written in. */
async function tryOut(world: World, site: Site): Promise<void> {
  const token = await world.token()
  const json = { origin: ORIGIN, 'content-type': 'application/json' }
  const kept = await site('/isthmus/mirror', { method: 'POST', body: JSON.stringify({ token }), headers: json })
  expect(kept.status).toBe(204)
  const cookie = kept.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  expect(cookie).toBe(`__Host-isthmus_token=${token}`)
  const seen = async (): Promise<unknown> => (await site('/', { headers: { cookie } })).json()
  expect(await seen()).toBe('customer')
  expect(await (await site('/')).json()).toBeNull()

  const logout = async (logoutToken: string): Promise<Response> =>
    site(LOGOUT, { method: 'POST', body: new URLSearchParams({ logout_token: logoutToken }) })
  const refused = await logout(await world.logoutToken({ aud: 'news' }))
  expect([refused.status, await refused.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'token-wrong-audience' }),
  ])
  expect(await seen()).toBe('customer')
  const answer = await logout(await world.logoutToken())
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(await seen()).toBeNull()

  const removed = await site('/isthmus/mirror', { method: 'DELETE', headers: { origin: ORIGIN } })
  expect(removed.headers.getSetCookie()[0]).toMatch(/^__Host-isthmus_token=; Max-Age=0;/)
}

const parsers: Record<string, (library: typeof express) => RequestHandler[]> = {
  'no parser': () => [],
  // Regression: the parser of Express 4 makes `{}` of a form, and every logout token was refused for a day.
  'express.json()': (library) => [library.json()],
  'both parsers': (library) => [library.json(), library.urlencoded({ extended: true })],
  'a parser of raw bytes': (library) => [library.raw({ type: '*/*' })],
  'a parser of text': (library) => [library.text({ type: '*/*' })],
}
const versions = { 'Express 4': express4 as typeof express, 'Express 5': express }

describe.each(Object.entries(versions))('%s', (_, library) => {
  test.each(Object.entries(parsers))('behind %s', async (_name, make) => {
    await using world = await createWorld()
    await tryOut(world, await listen(inExpress(library(), world.verifier({ mirror: 'endpoint' }), ...make(library))))
  })

  test('a form with two tokens is refused behind a parser, too', async () => {
    await using world = await createWorld()
    const app = inExpress(library(), world.verifier({ mirror: 'endpoint' }), library.urlencoded({ extended: true }))
    const site = await listen(app)
    const token = await world.logoutToken()
    const twice = new URLSearchParams([token, token].map((one) => ['logout_token', one]))
    const answer = await site(LOGOUT, { method: 'POST', body: twice })
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: 'invalid-request' })])
  })

  // Regression: the request waited for a body that was gone, until its connection was cut.
  test('behind something that reads the body and keeps nothing: a sentence that names the cure', async () => {
    await using world = await createWorld()
    const swallow: RequestHandler = (request, _response, next) => void request.resume().on('end', () => next())
    const site = await listen(inExpress(library(), world.verifier({ mirror: 'endpoint' }), swallow))
    const log = vi.spyOn(console, 'error').mockReturnValue()
    try {
      const json = { origin: ORIGIN, 'content-type': 'application/json' }
      const answers = [
        await site(LOGOUT, { method: 'POST', body: new URLSearchParams({ logout_token: 'x' }) }),
        await site('/isthmus/mirror', { method: 'POST', body: '{"token":"x"}', headers: json }),
      ]
      for (const answer of answers) {
        expect(answer.status).toBe(500)
        expect(await answer.text()).toContain('put this handler before body parsers')
      }
      expect(log).toHaveBeenCalledTimes(2)
    } finally {
      log.mockRestore()
    }
  })
})

test('node:http', async () => {
  await using world = await createWorld()
  const verifier = world.verifier({ mirror: 'endpoint' })
  const [logout, mirror] = [receiveLogout(verifier), keepToken(verifier, { origins: [ORIGIN] })].map(toNode)
  const site = await listen(async (request, response) => {
    if (request.url === LOGOUT) logout?.(request, response)
    else if (request.url === '/isthmus/mirror') mirror?.(request, response)
    else response.end(JSON.stringify((await verifier.verify(request)).user?.sub ?? null))
  })
  await tryOut(world, site)
})

test('Fastify', async () => {
  await using world = await createWorld()
  const verifier = world.verifier({ mirror: 'endpoint' })
  const app = fastify({ forceCloseConnections: true })
  const endpoints = new Map([
    [LOGOUT, toNode(receiveLogout(verifier))],
    ['/isthmus/mirror', toNode(keepToken(verifier, { origins: [ORIGIN] }))],
  ])
  // Before Fastify parses bodies: it knows no forms, and would answer 415.
  app.addHook('onRequest', async (request, reply) => {
    const serve = endpoints.get(request.url)
    if (!serve) return
    reply.hijack()
    serve(request.raw, reply.raw)
  })
  app.get('/', async (request, reply) => {
    reply.header('Cache-Control', 'private, no-cache').type('application/json')
    return JSON.stringify((await verifier.verify(request)).user?.sub ?? null)
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  await tryOut(world, (path, init) => fetch(url + path, init))
})

test('Koa', async () => {
  await using world = await createWorld()
  const verifier = world.verifier({ mirror: 'endpoint' })
  const app = new Koa()
  const endpoints = new Map([
    [LOGOUT, toNode(receiveLogout(verifier))],
    ['/isthmus/mirror', toNode(keepToken(verifier, { origins: [ORIGIN] }))],
  ])
  app.use(async (context, next) => {
    const serve = endpoints.get(context.path)
    if (!serve) return next()
    context.respond = false
    serve(context.req, context.res)
  })
  app.use(async (context) => {
    context.set('Cache-Control', 'private, no-cache')
    context.body = JSON.stringify((await verifier.verify(context)).user?.sub ?? null)
  })
  await tryOut(world, await listen(app.callback()))
})

test('Hono, and whatever else has WHATWG requests', async () => {
  await using world = await createWorld()
  const verifier = world.verifier({ mirror: 'endpoint' })
  const [logout, mirror] = [receiveLogout(verifier), keepToken(verifier, { origins: [ORIGIN] })]
  const app = new Hono()
  app.post(LOGOUT, (context) => logout(context.req.raw))
  app.all('/isthmus/mirror', (context) => mirror(context.req.raw))
  app.get('/', async (context) => {
    context.header('Cache-Control', 'private, no-cache')
    return context.json((await verifier.verify(context.req.raw)).user?.sub ?? null)
  })
  await tryOut(world, async (path, init) => app.request(path, init))
})

// Regression: its requests have no rawHeaders, and with them went every Origin and Content-Type.
test('Express in a function, by serverless-http', async () => {
  await using world = await createWorld()
  const run = serverless(inExpress(express(), world.verifier({ mirror: 'endpoint' })))
  await tryOut(world, async (path, init = {}) => {
    const request = new Request(`https://shop.example${path}`, init)
    const answer = (await run(
      {
        httpMethod: request.method,
        path,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
        requestContext: {},
      },
      {},
    )) as {
      statusCode: number
      headers?: Record<string, string>
      multiValueHeaders?: Record<string, string[]>
      body: string
    }
    const headers = Object.entries({ ...answer.headers, ...answer.multiValueHeaders }).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    )
    return new Response(answer.statusCode === 204 ? null : answer.body, { status: answer.statusCode, headers })
  })
})

// Regression: they have no headersDistinct, and every request of them was answered 500.
test('HTTP/2', async () => {
  await using world = await createWorld()
  const verifier = world.verifier({ mirror: 'endpoint' })
  const mirror = mirrorEndpoint(verifier, { origins: [ORIGIN] })
  const know = isthmus(verifier)
  const server = createHttp2Server((request, response) => {
    if (request.url === LOGOUT) return backchannelLogout(verifier)(request, response)
    return mirror(request, response, () =>
      know(request, response, () => {
        response.end(JSON.stringify((request as unknown as Express.Request).isthmus.user?.sub ?? null))
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  await tryOut(world, async (path, init = {}) => {
    const request = new Request(`https://shop.example${path}`, init)
    const stream = client.request({ ':path': path, ':method': request.method, ...Object.fromEntries(request.headers) })
    if (request.method === 'POST') stream.end(await request.text())
    const [{ ':status': status, ...head }] = await once(stream, 'response')
    const body = (await stream.setEncoding('utf8').toArray()).join('')
    const headers = Object.entries(head as Record<string, string | string[]>).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    )
    return new Response(status === 204 ? null : body, { status, headers })
  })
})

test('a verdict is nobody’s but the user’s: the answer may be kept by that browser alone', async () => {
  await using world = await createWorld()
  const site = await listen(inExpress(express(), world.verifier({ mirror: 'endpoint' })))
  const answer = await site('/')
  expect(answer.headers.get('cache-control')).toBe('private, no-cache')
  expect(answer.headers.get('vary')).toMatch(/cookie/i)
})
