import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, NEWS, problemOf, SHOP, SHOP_WWW, type World } from '../hub.test-world.ts'
import { createSecret } from '../session/secrets.ts'

const PATH = '/isthmus/session'

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

function across(agent: Agent, origin: string, query = ''): Promise<Response> {
  return agent.send(PATH + query, { headers: { origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } })
}

describe('GET /session across origins', () => {
  it.each([SHOP, SHOP_WWW, NEWS])('answers %s, and says so to exactly that origin', async (origin) => {
    await using world = await createWorld()
    const response = await across(await signedIn(world), origin)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
      'cache-control': 'no-store',
    })
    const user =
      origin === NEWS
        ? { sub: 'customer', email: 'customer@mail.example' }
        : { sub: 'customer', name: 'Customer', cart: 3 }
    expect(await response.json()).toMatchObject({ carrier: 'cookie', state: { status: 'signed-in', user } })
  })

  it.each([
    'https://evil.example',
    'https://shop.example.evil',
    'https://sub.shop.example',
    'https://shop.example:8443',
    'http://shop.example',
    'https://SHOP.example',
    `${SHOP}/`,
    'null',
    '*',
    '',
  ])('never reflects %j', async (origin) => {
    await using world = await createWorld()
    const response = await across(await signedIn(world), origin)
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(await problemOf(response)).toMatchObject({ error: 'not-registered', status: 403 })
  })

  it('believes no header that a page can set', async () => {
    await using world = await createWorld()
    const headers = { origin: SHOP, 'isthmus-origin': NEWS, referer: `${NEWS}/` }
    const response = await (await signedIn(world)).send(PATH, { headers })
    expect(await response.json()).toMatchObject({ site: 'shop' })
    expect((await across(await signedIn(world), SHOP, '?site=news')).status).toBe(403)
  })

  it('does not take a withheld cookie for signed out', async () => {
    await using world = await createWorld()
    expect(await (await across(world.agent(), SHOP)).json()).toEqual({
      site: 'shop',
      carrier: 'none',
      state: { status: 'unlinked', revision: world.now() },
    })
  })
})

describe('POST /touch and POST /sign-out', () => {
  it.each(['touch', 'signOut'] as const)('%s without a session is refused', async (name) => {
    await using world = await createWorld()
    for (const cookies of [{}, { '__Host-isthmus': createSecret() }]) {
      const response = await world.agent(cookies).call(name, SHOP)
      expect(await problemOf(response)).toEqual({
        error: 'no-session',
        message: 'The request carries no session.',
        status: 401,
      })
    }
  })
})

describe('the body of POST /redeem', () => {
  const good = { ticket: createSecret(), verifier: createSecret() }
  const bodies: [string, string][] = [
    ['nothing', ''],
    ['not JSON', 'ticket=1'],
    ['half of JSON', '{"ticket":'],
    ['null', 'null'],
    ['a list', JSON.stringify([good])],
    ['a ticket alone', JSON.stringify({ ticket: good.ticket })],
    ['a ticket that is a number', JSON.stringify({ ...good, ticket: 1 })],
    ['a ticket that is a list', JSON.stringify({ ...good, ticket: [good.ticket] })],
    ['a ticket that is too short', JSON.stringify({ ...good, ticket: 'abc' })],
    ['a ticket that is a path', JSON.stringify({ ...good, ticket: `../session/${good.ticket}`.slice(0, 43) })],
    ['a ticket with a line end', JSON.stringify({ ...good, ticket: `${good.ticket}\n` })],
    ['a verifier in another alphabet', JSON.stringify({ ...good, verifier: '+'.repeat(43) })],
    ['too much', JSON.stringify({ ...good, more: 'x'.repeat(8 * 1024) })],
  ]

  it.each(bodies)('%s is an invalid request', async (_, body) => {
    await using world = await createWorld()
    const response = await world.agent().call('redeem', SHOP, { body })
    expect(await problemOf(response)).toMatchObject({ error: 'invalid-request', status: 400 })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await world.dump()).toBe('[]')
  })

  it('is read up to 8 KiB, however it comes', async () => {
    await using world = await createWorld()
    const padded = (bytes: number): string => {
      const empty = JSON.stringify({ ...good, more: '' })
      return JSON.stringify({ ...good, more: 'x'.repeat(bytes - empty.length) })
    }
    for (const [bytes, error] of [
      [8192, 'ticket-unknown'],
      [8193, 'invalid-request'],
    ] as const) {
      const text = padded(bytes)
      for (const [body, length] of [
        [text, String(text.length)],
        [new Blob([text]).stream(), undefined],
      ] as const) {
        const response = await world.agent().call('redeem', SHOP, { body, headers: { 'content-length': length } })
        expect(await problemOf(response)).toMatchObject({ error })
      }
    }
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4096)) })
    expect(await problemOf(await world.agent().call('redeem', SHOP, { body: endless }))).toEqual({
      error: 'invalid-request',
      message: 'A request body has at most 8192 bytes.',
      status: 400,
    })
  })

  it('may hold more than is asked for', async () => {
    await using world = await createWorld()
    const response = await world.agent().call('redeem', SHOP, { body: JSON.stringify({ ...good, more: 1 }) })
    expect(await problemOf(response)).toMatchObject({ error: 'ticket-unknown', status: 410 })
  })
})
