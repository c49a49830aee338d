import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostHandler } from '@isthmus/testing'
import { build } from 'vite'
import { bounces, fillIn, shows, signOut, UNLINKED } from '../every-world/acts.ts'
import { expect, test } from '../every-world/fixtures.ts'
import { PATIENCE } from '../patience.ts'

const example = fileURLToPath(new URL('../../examples/front-ends/', import.meta.url))
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

let built = ''

test.beforeAll(async () => {
  test.setTimeout(180_000)
  built = await mkdtemp(join(tmpdir(), 'isthmus-front-ends-'))
  // As it is developed: React's StrictMode does everything twice then.
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'development'
  await build({ root: example, mode: 'development', logLevel: 'error', build: { outDir: built, minify: false } })
  if (NODE_ENV === undefined) delete process.env.NODE_ENV
  else process.env.NODE_ENV = NODE_ENV
  const scripts = (await readdir(join(built, 'assets'))).map((name) => readFile(join(built, 'assets', name), 'utf8'))
  expect((await Promise.all(scripts)).some((text) => text.includes('doubleInvokeEffects'))).toBe(true)
})

test.afterAll(() => rm(built, { recursive: true, force: true }))

/** Serves what Vite has built, with the hub of this test in place of the demo's. */
function serve(hub: string): HostHandler {
  return async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const text = await readFile(join(built, pathname), 'utf8').catch(() => undefined)
    if (text === undefined) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' })
        .end(text.replaceAll('http://auth.localhost:4000', hub))
  }
}

for (const framework of ['react', 'vue', 'svelte']) {
  test(`a page in ${framework}: signed in by one ticket, signed out on another site`, async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.hosts.set(world.names.shop, serve(world.url('hub', '')))
    const shop = await open(world.url('shop', `/${framework}.html?color=red#top`))
    await shows(shop, UNLINKED[privacyWorld].replace(/:.*/, ''))
    await shop.click('text=Sign in')
    await fillIn(shop, 'customer')
    await shows(shop, 'signed-in')
    expect(await shop.text('p')).toBe('Hello, The customer.')
    expect(await shop.evaluate('location.search + location.hash')).toBe('?color=red#top')
    // One session object: one frame, and no visit of the hub but that of the click.
    expect(await shop.evaluate("document.querySelectorAll('iframe').length")).toBe(1)
    expect(bounces(world)).toBe(0)

    const news = await open(world.url('news'))
    await shows(news, 'signed in: The customer')
    await signOut(news)
    await shows(shop, 'signed-out')
    await expect.poll(() => shop.text('main > button'), PATIENCE).toBe('Sign in')
    expect(
      (await shop.console()).filter(
        ({ text }) => /isthmus:|warn|error/i.test(text) && !/favicon|isthmus: partitioned/.test(text),
      ),
    ).toEqual([])
  })
}

test('a page that requires a user leads to the login page and back, and never twice in vain', async ({
  world,
  open,
  privacyWorld,
}) => {
  world.hosts.set(world.names.shop, serve(world.url('hub', '')))
  const shop = await open(world.url('shop', '/members.html'))
  const isAtLogin = "location.pathname === '/login'"
  await shop.waitFor(isAtLogin, { timeoutMs: PATIENCE.timeout })

  // The user goes back without having signed in: the page stays, as often as it is loaded.
  await shop.goto(world.url('shop', '/members.html'))
  await shows(shop, UNLINKED[privacyWorld])
  await shop.reload()
  await shows(shop, UNLINKED[privacyWorld])
  // The silent visit of the page may be under way.
  await expect(() => shop.click('text=Sign in')).toPass(PATIENCE)
  await fillIn(shop, 'customer')
  await shows(shop, 'For The customer')

  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  await signOut(news)
  await shop.waitFor(isAtLogin, { timeoutMs: PATIENCE.timeout })
  expect(world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/login'))).toHaveLength(3)
})
