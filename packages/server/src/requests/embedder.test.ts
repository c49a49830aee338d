import { ENDPOINTS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, NEWS, problemOf, SHOP, type World } from '../hub.test-world.ts'

const POSTS = ['touch', 'signOut', 'redeem', 'linkFrame'] as const
/** Registered pages may not ask these themselves. */
const OWN: readonly string[] = ['redeem', 'linkFrame']
const ALL = ['session', 'events', ...POSTS] as const
const FOREIGN = [
  'https://evil.example',
  SHOP,
  'null',
  'https://auth.example.evil',
  'http://auth.example',
  `${HUB}:8443`,
  `${HUB}/`,
  '',
]

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

describe('the endpoints of the hub page', () => {
  it.each(POSTS)('%s needs an Origin, and no header makes up for a foreign one', async (name) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const origin of [undefined, ...FOREIGN]) {
      // Registered pages may ask the shared endpoints themselves: see cors.test.ts.
      if (origin === SHOP && !OWN.includes(name)) continue
      const response = await browser.call(name, SHOP, { headers: { origin } })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      const error = origin === undefined || OWN.includes(name) ? 'origin-refused' : 'not-registered'
      expect(await problemOf(response)).toMatchObject({ error, status: 403 })
    }
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it('events takes no Origin but the hub’s own', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const origin of FOREIGN) {
      const response = await browser.call('events', SHOP, { headers: { origin } })
      expect(await problemOf(response)).toMatchObject({ error: 'origin-refused', status: 403 })
    }
  })

  it.each(ALL)('%s needs the header that only the hub page can send', async (name) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const response = await browser.call(name, SHOP, { headers: { 'isthmus-origin': undefined } })
    expect(await problemOf(response)).toMatchObject({ error: 'origin-refused', status: 403 })
  })

  it.each(['session', 'events'] as const)('%s without Origin is refused to other documents', async (name) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const from of ['cross-site', 'same-site', 'none']) {
      const response = await browser.call(name, SHOP, { headers: { 'sec-fetch-site': from } })
      expect(await problemOf(response)).toMatchObject({ error: 'origin-refused', status: 403 })
    }
  })

  it('serve browsers that send no Sec-Fetch headers', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    expect((await browser.call('session', SHOP, { headers: { 'sec-fetch-site': undefined } })).status).toBe(200)
    expect((await browser.call('touch', SHOP, { headers: { 'sec-fetch-site': undefined } })).status).toBe(200)
  })

  it.each(ALL)('%s speaks for nobody who is not registered', async (name) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const nobodies = [
      'https://evil.example',
      'null',
      '',
      '*',
      HUB,
      `${SHOP}/`,
      'https://SHOP.example',
      `${SHOP}:443`,
      `${SHOP}, ${NEWS}`,
      `${SHOP}@evil`,
    ]
    for (const nobody of nobodies) {
      const response = await browser.call(name, nobody)
      expect(await problemOf(response)).toMatchObject({ error: 'not-registered', status: 403 })
    }
    const other = await browser.call(name, SHOP, { headers: { 'isthmus-site': 'news' } })
    expect(await problemOf(other)).toMatchObject({ error: 'not-registered', status: 403 })
  })

  it('tell nobody else’s page anything across origins', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const { headers } = await browser.call('session', SHOP)
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('a preflight', () => {
  const shared = ['session', 'touch', 'signOut']
  it.each(Object.entries(ENDPOINTS).filter(([name]) => !shared.includes(name)))(
    'to %s is granted nothing',
    async (_, { method, path }) => {
      await using world = await createWorld()
      for (const origin of [SHOP, 'https://evil.example', HUB]) {
        const response = await world.agent().send(path, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': method,
            'access-control-request-headers': 'isthmus-origin, content-type',
            'access-control-request-private-network': 'true',
          },
        })
        expect(response.status).toBe(404)
        expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    },
  )
})
