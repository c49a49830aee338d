import { ENDPOINTS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import {
  type Agent,
  CUSTOMER,
  createWorld,
  HUB,
  NEWS,
  problemOf,
  SHOP,
  SHOP_WWW,
  type World,
} from '../hub.test-world.ts'

const SHARED = ['session', 'touch', 'signOut'] as const

const STRANGERS = [
  'https://evil.example',
  'https://shop.example.evil',
  'https://sub.shop.example',
  'https://shop.example:8443',
  'http://shop.example',
  'https://SHOP.example',
  `${SHOP}/`,
  `${SHOP}, ${NEWS}`,
  HUB,
  'null',
  '*',
  '',
]

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

/** A page that asks the hub itself. */
function across(agent: Agent, name: (typeof SHARED)[number], origin: string, query = ''): Promise<Response> {
  const { method, path } = ENDPOINTS[name]
  const headers = { origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }
  return agent.send(path + query, { method, headers })
}

function preflight(agent: Agent, name: (typeof SHARED)[number], origin: string): Promise<Response> {
  const { method, path } = ENDPOINTS[name]
  return agent.send(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type, isthmus-origin, isthmus-token, x-anything',
      'access-control-request-private-network': 'true',
    },
  })
}

const corsHeadersOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control')))

describe.each(SHARED)('%s across origins', (name) => {
  it.each([SHOP, SHOP_WWW, NEWS])('is shared with %s, and with exactly that origin', async (origin) => {
    await using world = await createWorld()
    const response = await across(await signedIn(world), name, origin)
    expect(response.status).toBe(200)
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    })
    expect(response.headers.get('vary')).toBe('Origin')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('answers the preflight of a registered origin', async () => {
    await using world = await createWorld()
    const response = await preflight(world.agent(), name, SHOP)
    expect(response.status).toBe(204)
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': ENDPOINTS[name].method,
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '600',
    })
    expect(response.headers.get('vary')).toBe('Origin')
  })

  it.each(STRANGERS)('grants %j nothing, and reflects nothing', async (origin) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const response of [await across(browser, name, origin), await preflight(browser, name, origin)]) {
      expect(response.status).toBe(403)
      expect(corsHeadersOf(response)).toEqual({})
    }
    // Nor did anything happen.
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it('tells a registered page why it was refused', async () => {
    await using world = await createWorld()
    const response = await across(await signedIn(world), name, SHOP, '?site=news')
    expect(corsHeadersOf(response)).toMatchObject({ 'access-control-allow-origin': SHOP })
    expect(await problemOf(response)).toMatchObject({ error: 'not-registered', status: 403 })
  })

  it('tells the hub page without any leave for others', async () => {
    await using world = await createWorld()
    const response = await (await signedIn(world)).call(name, SHOP)
    expect(response.status).toBe(200)
    expect(corsHeadersOf(response)).toEqual({})
  })
})

describe('a page that asks itself', () => {
  it('is answered as its own site, whatever it claims', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const headers = { origin: SHOP, 'isthmus-origin': NEWS, 'isthmus-site': 'news', referer: `${NEWS}/` }
    for (const [name, method] of [
      ['session', 'GET'],
      ['touch', 'POST'],
    ] as const) {
      const response = await browser.send(ENDPOINTS[name].path, { method, headers })
      const answer = (await response.json()) as { site: string; state: { user: object } }
      expect(answer.site).toBe('shop')
      expect(answer.state.user).toEqual({ sub: 'customer', name: 'Customer', cart: 3 })
    }
  })

  it('pushes the idle end away, and ends the session everywhere', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const before = await browser.ask('session', NEWS)
    world.pass(60_000)
    const touched = (await (await across(browser, 'touch', SHOP)).json()) as typeof before
    expect(touched.state.revision).toBeGreaterThan(before.state.revision)
    const over = await (await across(browser, 'signOut', SHOP)).json()
    expect(over).toMatchObject({ site: 'shop', carrier: 'cookie', state: { status: 'signed-out', reason: 'logout' } })
    expect(await browser.ask('session', NEWS)).toMatchObject({ state: { status: 'signed-out', reason: 'logout' } })
  })

  it('gets neither carrier nor stream: those are the hub page’s', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const name of ['redeem', 'linkFrame', 'events'] as const) {
      const { method, path } = ENDPOINTS[name]
      const response = await browser.send(path, { method, headers: { origin: SHOP, 'isthmus-origin': SHOP } })
      expect(corsHeadersOf(response)).toEqual({})
      expect(await problemOf(response)).toMatchObject({ error: 'origin-refused' })
    }
  })

  it('is told that nobody is signed in only where the browser would have sent the cookie', async () => {
    await using world = await createWorld()
    const ask = async (from: string, query: string): Promise<unknown> => {
      const headers = { origin: SHOP, 'sec-fetch-site': from }
      return (
        (await (await world.agent().send(ENDPOINTS.session.path + query, { headers })).json()) as { state: object }
      ).state
    }
    expect(await ask('same-site', '?first-party=1')).toMatchObject({ status: 'signed-out', reason: 'none' })
    for (const [from, query] of [
      ['same-site', ''],
      ['same-site', '?first-party=true'],
      ['cross-site', '?first-party=1'],
      ['none', '?first-party=1'],
      ['', '?first-party=1'],
    ] as const) {
      expect(await ask(from, query)).toMatchObject({ status: 'unlinked' })
    }
  })
})
