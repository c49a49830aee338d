import { ENDPOINTS, ERRORS } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, problemOf, SHOP, type World } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'

const FAILURE = new Error('connect ECONNREFUSED db.internal:6379, password "hunter2"')

/** A hub whose store works until it is broken. */
async function breakableWorld(): Promise<World & { breakStore: () => void }> {
  const store = memoryStore()
  let broken = false
  const guarded = <Arguments extends unknown[], Result>(work: (...given: Arguments) => Promise<Result>) => {
    return (...given: Arguments): Promise<Result> => (broken ? Promise.reject(FAILURE) : work(...given))
  }
  const { get, write, take, keys, subscribe } = store
  const guardedStore: Store = {
    ...store,
    get: guarded(get),
    write: guarded(write),
    take: guarded(take),
    keys: guarded(keys),
    subscribe: guarded(subscribe),
  }
  const world = await createWorld({ store: guardedStore })
  onTestFinished(() => world.hub.close())
  return {
    ...world,
    breakStore() {
      broken = true
    },
  }
}

describe('a hub whose store fails', () => {
  it.each(['session', 'touch', 'signOut', 'redeem', 'linkFrame', 'events'] as const)(
    'says of %s only that it failed',
    async (name) => {
      const world = await breakableWorld()
      const browser = world.agent()
      await browser.signIn(CUSTOMER)
      const body = name === 'redeem' ? { body: JSON.stringify(await world.ticket(browser, `${SHOP}/`)) } : {}
      const errors: unknown[] = []
      world.hub.on('error', (event) => errors.push(event))
      world.hub.on('denied', (event) => errors.push(event))
      world.breakStore()
      const response = await browser.call(name, SHOP, body)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.getSetCookie()).toEqual([])
      expect(await problemOf(response)).toEqual({ error: 'internal', message: 'The hub failed.', status: 500 })
      expect(errors).toEqual([{ error: FAILURE, path: ENDPOINTS[name].path }])
    },
  )

  it('says no more on its pages', async () => {
    const world = await breakableWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    world.hub.on('error', () => {})
    world.breakStore()
    for (const path of ['/isthmus/link', '/isthmus/login', '/isthmus/logout']) {
      const response = await browser.visit(`${path}?return_to=${SHOP}/`, { headers: { referer: `${SHOP}/` } })
      expect(response.status).toBe(500)
      expect(response.headers.get('location')).toBeNull()
      const page = await response.text()
      expect(page).toContain('<p>The hub failed.</p>')
      expect(page).not.toMatch(/ECONN|db\.internal|hunter2/)
    }
    expect(await (await browser.send('/isthmus/hub', { headers: { referer: `${SHOP}/` } })).text()).not.toMatch(
      /hunter2/,
    )
  })

  it('is told on stderr while nobody listens', async () => {
    const stderr = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => stderr.mockRestore())
    const world = await breakableWorld()
    world.breakStore()
    const browser = world.agent({ '__Host-isthmus': 'x'.repeat(43) })
    await browser.call('session', SHOP)
    expect(stderr.mock.calls).toEqual([['isthmus:', { error: FAILURE, path: '/isthmus/session' }]])
    const stop = world.hub.on('error', () => {})
    await browser.call('session', SHOP)
    stop()
    expect(stderr).toHaveBeenCalledTimes(1)
  })

  it('fails the program’s own calls with the store’s own error', async () => {
    const world = await breakableWorld()
    world.breakStore()
    await expect(world.agent().signIn(CUSTOMER)).rejects.toBe(FAILURE)
    await expect(world.hub.sessions.list('customer')).rejects.toBe(FAILURE)
  })
})

describe('a path or a method that is none', () => {
  it.each([
    ['GET', '/isthmus'],
    ['GET', '/isthmus/'],
    ['GET', '/isthmus/hub/'],
    ['GET', '/isthmus/HUB'],
    ['GET', '/isthmus/../login'],
    // A proxy that closes an address compares letters: the hub knows no other spelling of it.
    ['GET', '/isthmus/%6Detrics'],
    ['GET', '/isthmus/session%3F'],
    ['GET', '/%69sthmus/healthz'],
    ['GET', '/isthmus//healthz'],
    ['GET', '/isthmus/redeem'],
    ['GET', '/isthmus/sign-out'],
    ['POST', '/isthmus/session'],
    ['POST', '/isthmus/hub'],
    ['DELETE', '/isthmus/session'],
    ['PUT', '/isthmus/touch'],
  ])('%s %s', async (method, path) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const response = await browser.send(path, { method, headers: { origin: HUB, 'isthmus-origin': SHOP } })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await problemOf(response)).toEqual({
      error: 'not-found',
      message: ERRORS['not-found'].sentence,
      status: 404,
    })
  })

  it('gets people a page', async () => {
    await using world = await createWorld()
    for (const headers of [{ accept: 'text/html,*/*' }, { accept: '*/*', 'sec-fetch-dest': 'document' }]) {
      const response = await world.agent().send('/isthmus/nothing', { headers })
      expect(response.status).toBe(404)
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /)
      expect(await response.text()).toContain('<code>not-found</code>')
    }
  })
})

describe('what is public', () => {
  it('discovery: the hub, and the site of the origin that asks', async () => {
    await using world = await createWorld()
    for (const [origin, site] of [
      [SHOP, 'shop'],
      ['https://evil.example', null],
      ['null', null],
      [undefined, null],
    ] as const) {
      const browser = world.agent()
      await browser.signIn(CUSTOMER)
      const response = await browser.send('/.well-known/isthmus', { headers: { origin } })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      expect(response.headers.get('vary')).toBe('Origin')
      expect(await response.json()).toEqual({ issuer: HUB, version: 1, site })
    }
  })

  it('the SDK, which caches may keep and revalidate', async () => {
    await using world = await createWorld()
    const response = await world.agent().send('/isthmus/client.js')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect((await response.text()).length).toBeGreaterThan(1000)
    const etag = response.headers.get('etag') ?? ''
    const again = await world.agent().send('/isthmus/client.js', { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    expect((await world.agent().send('/isthmus/client.js', { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
  })

  /** The hub page's script, at the address that the page names, and all that it loads in its turn. */
  async function partsOf(agent: Agent): Promise<string[]> {
    const page = await (await agent.send(`/isthmus/hub?origin=${SHOP}`)).text()
    const [, script = ''] = /<script defer src="(.*?)">/.exec(page) ?? []
    const text = await (await agent.send(script)).text()
    return [script, ...new Set(text.match(/\/isthmus\/assets\/[\w-]+\.js/g))]
  }

  it('the parts of the hub page, for ever, for any page', async () => {
    await using world = await createWorld()
    const parts = await partsOf(world.agent())
    expect(parts.map((address) => address.replace(/-[\w-]{8}\.js$/, '')).sort()).toEqual(
      ['hub', 'key', 'worker'].map((name) => `/isthmus/assets/${name}`),
    )
    for (const address of parts) {
      const response = await world.agent().send(address)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=31536000, immutable',
        'content-security-policy': `default-src 'none'; script-src ${HUB}/isthmus/assets/; connect-src 'self'`,
        'content-type': 'text/javascript; charset=utf-8',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'cross-origin',
        'x-content-type-options': 'nosniff',
      })
      expect((await response.text()).length).toBeGreaterThan(1000)
      const compressed = await world.agent().send(address, { headers: { 'accept-encoding': 'br' } })
      expect(compressed.headers.get('content-encoding')).toBe('br')
    }
  })

  it('to a page from before an update, the part as it is now, which nothing keeps', async () => {
    await using world = await createWorld()
    const [script = ''] = await partsOf(world.agent())
    const response = await world.agent().send('/isthmus/assets/hub-00000000.js')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.text()).toBe(await (await world.agent().send(script)).text())
  })

  it.each([
    'nothing-00000000.js',
    'hub.js.map',
    '',
    '..%2Fclient.js',
    '%2e%2e%2fclient.js',
    'constructor',
    '__proto__',
  ])('no other file: %j', async (name) => {
    await using world = await createWorld()
    expect((await world.agent().send(`/isthmus/assets/${name}`)).status).toBe(404)
  })
})
