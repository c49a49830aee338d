import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createWorld, HUB, SITE, type World } from './token.test-world.ts'

/** The files of the guide, as their frameworks would load them: they read the environment when they are. */
const FILES = ['verifier', 'next-logout', 'next-mirror', 'sveltekit-hooks', 'route-logout'] as const
// biome-ignore lint/suspicious/noExplicitAny: each exports what its framework asks for.
const files = {} as Record<(typeof FILES)[number], any>

let world: World
beforeAll(async () => {
  world = await createWorld()
  // They make their verifier themselves, by the clock of the machine.
  world.pass(Date.now() - world.now() - (Date.now() % 1000))
  vi.stubEnv('HUB', HUB)
  vi.stubEnv('SITE', SITE)
  vi.stubEnv('JWKS', world.jwks)
  for (const name of FILES) {
    files[name] = await import(new URL(`../../../examples/frameworks/${name}.ts`, import.meta.url).href)
  }
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const delivery = async (sid: string): Promise<Request> => {
  const body = new URLSearchParams({ logout_token: await world.logoutToken({ sid }) })
  return new Request('https://shop.example/isthmus/backchannel-logout', { method: 'POST', body })
}

test('Next.js: route handlers', async () => {
  const { POST: receive } = files['next-logout']
  const { POST: keep, DELETE: drop } = files['next-mirror']
  const token = await world.token({ sid: 'next' })
  const headers = { origin: 'https://shop.example', 'content-type': 'application/json' }
  const address = 'https://shop.example/isthmus/mirror'
  const kept = await keep(new Request(address, { method: 'POST', headers, body: JSON.stringify({ token }) }))
  expect(kept.headers.getSetCookie()[0]).toContain(`__Host-isthmus_token=${token}`)
  expect((await drop(new Request(address, { method: 'DELETE', headers }))).status).toBe(204)
  expect((await receive(await delivery('next'))).status).toBe(200)
  const { verifier } = files.verifier
  // As `{ headers: await headers() }` gives them there: a class of its own with get().
  const cookie = `__Host-isthmus_token=${token}`
  expect(
    (await verifier.verify({ headers: { get: (name: string) => (name === 'cookie' ? cookie : null) } })).status,
  ).toBe('signed-out')
})

test('SvelteKit and Astro: endpoints and hooks', async () => {
  const { handle } = files['sveltekit-hooks']
  const cookie = `__Host-isthmus_token=${await world.token({ sid: 'kit' })}`
  const draw = () =>
    handle({
      event: { request: new Request('https://shop.example/', { headers: { cookie } }), locals: {} },
      resolve: async (event: { locals: { isthmus: { status: string } } }) => new Response(event.locals.isthmus.status),
    })
  const drawn = await draw()
  expect([await drawn.text(), drawn.headers.get('cache-control')]).toEqual(['signed-in', 'private, no-cache'])
  const { POST } = files['route-logout']
  expect((await POST({ request: await delivery('kit') })).status).toBe(200)
  expect(await (await draw()).text()).toBe('signed-out')
})
