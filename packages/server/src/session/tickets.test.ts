import { TICKET_LIFETIME_MS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, NEWS, problemOf, SHOP, SHOP_WWW, type World } from '../hub.test-world.ts'
import { createSecret } from './secrets.ts'

const REFUSALS = { 'ticket-unknown': 410, 'ticket-expired': 410, 'ticket-mismatch': 403 } as const

interface Presented {
  readonly ticket: string
  readonly verifier: string
}

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

function present(partition: Agent, origin: string, body: Presented): Promise<Response> {
  return partition.call('redeem', origin, { body: JSON.stringify(body) })
}

/** The ticket is refused with this code, and the partition holds nothing. */
async function expectRefusal(
  world: World,
  origin: string,
  body: Presented,
  code: keyof typeof REFUSALS,
): Promise<void> {
  const partition = world.agent()
  const response = await present(partition, origin, body)
  expect(response.headers.getSetCookie()).toEqual([])
  expect(await problemOf(response)).toMatchObject({ error: code, status: REFUSALS[code] })
  expect(await partition.ask('session', origin)).toMatchObject({ carrier: 'none', state: { status: 'signed-out' } })
}

describe('a ticket', () => {
  it('links a partition to the session, with a cookie of its own', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const partition = world.agent()
    const response = await present(partition, SHOP, await world.ticket(browser, `${SHOP}/cart?of=7`))
    const [cookie, ...more] = response.headers.getSetCookie()
    expect(cookie).toMatch(
      /^__Host-isthmus-shop=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; Secure; Partitioned; SameSite=None$/,
    )
    expect(more).toEqual([])
    expect(await response.json()).toMatchObject({
      site: 'shop',
      carrier: 'partitioned',
      state: { user: { name: 'Customer' } },
    })
    expect(await partition.ask('session', SHOP)).toMatchObject({
      carrier: 'partitioned',
      state: { user: { sub: 'customer' } },
    })
    expect(await partition.embed(SHOP)).toMatchObject({
      answer: { carrier: 'partitioned', state: { user: { sub: 'customer' } } },
    })
  })

  it('is refused a second time, and the first link stays', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const body = await world.ticket(browser, `${SHOP}/`)
    const first = world.agent()
    expect((await present(first, SHOP, body)).status).toBe(200)
    await expectRefusal(world, SHOP, body, 'ticket-unknown')
    expect(await first.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it.each<[string, string, Partial<Presented>]>([
    ['on another site', NEWS, {}],
    ['on another origin of the same site', SHOP_WWW, {}],
    ['with another verifier', SHOP, { verifier: createSecret() }],
  ])('is refused %s, and burned', async (_, origin, changes) => {
    await using world = await createWorld()
    const body = await world.ticket(await signedIn(world), `${SHOP}/`)
    await expectRefusal(world, origin, { ...body, ...changes }, 'ticket-mismatch')
    await expectRefusal(world, SHOP, body, 'ticket-unknown')
  })

  it('is refused on another site of the same origin, and burned', async () => {
    await using world = await createWorld({ sites: ['shop', 'desk'].map((id) => ({ id, origins: [SHOP] })) })
    const browser = await signedIn(world)
    const { ticket, verifier } = await world.ticket(browser, `${SHOP}/`, 'shop')
    const body = JSON.stringify({ ticket, verifier })
    const redeem = (site: string): Promise<Response> =>
      world.agent().call('redeem', SHOP, { body, headers: { 'isthmus-site': site } })
    expect(await problemOf(await redeem('desk'))).toMatchObject({ error: 'ticket-mismatch', status: 403 })
    expect(await problemOf(await redeem('shop'))).toMatchObject({ error: 'ticket-unknown', status: 410 })
  })

  it('is good for 60 s, and no millisecond longer', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const [inTime, late, forgotten] = [
      await world.ticket(browser, `${SHOP}/`),
      await world.ticket(browser, `${SHOP}/`),
      await world.ticket(browser, `${SHOP}/`),
    ]
    world.pass(TICKET_LIFETIME_MS - 1)
    expect((await present(world.agent(), SHOP, inTime)).status).toBe(200)
    world.pass(1)
    await expectRefusal(world, SHOP, late, 'ticket-expired')
    world.pass(TICKET_LIFETIME_MS)
    await expectRefusal(world, SHOP, forgotten, 'ticket-unknown')
  })

  it('that the hub never gave out is unknown', async () => {
    await using world = await createWorld()
    await expectRefusal(world, SHOP, { ticket: createSecret(), verifier: createSecret() }, 'ticket-unknown')
  })

  it('admits exactly one of 100 concurrent redeemers', async () => {
    await using world = await createWorld()
    const body = await world.ticket(await signedIn(world), `${SHOP}/`)
    const responses = await Promise.all(Array.from({ length: 100 }, () => present(world.agent(), SHOP, body)))
    const statuses = responses.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array.from({ length: 99 }, () => 410)])
    expect(responses.flatMap(({ headers }) => headers.getSetCookie())).toHaveLength(1)
  })

  it('for a session that ended meanwhile brings the truth, not the user', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const body = await world.ticket(browser, `${SHOP}/`)
    world.pass(1000)
    await world.hub.sessions.revokeAll('customer')
    expect(await (await present(world.agent(), SHOP, body)).json()).toMatchObject({
      state: { status: 'signed-out', reason: 'revoked' },
    })
  })
})

describe('the store', () => {
  it('holds no ticket, no secret and no verifier in clear', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const open = await world.ticket(browser, `${SHOP}/`)
    const partition = await world.link(browser, NEWS)
    const secrets = [open.ticket, open.verifier, ...browser.cookies.values(), ...partition.cookies.values()]
    // The session's cookie and its Lax twin hold one secret.
    expect(new Set(secrets).size).toBe(4)
    const dump = await world.dump()
    expect(dump).toContain('"sub\\":\\"customer')
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/)
      expect(dump).not.toContain(secret)
    }
  })
})

describe('the secret of a partition', () => {
  it.each<[string, (secret: string) => Record<string, string>, string]>([
    ['as that of another site', (secret) => ({ '__Host-isthmus-news': secret }), NEWS],
    ['as that of another site, at home', (secret) => ({ '__Host-isthmus-news': secret }), SHOP],
    ['as the session cookie', (secret) => ({ '__Host-isthmus': secret }), SHOP],
    ['without its prefix', (secret) => ({ 'isthmus-shop': secret }), SHOP],
    ['on another site under its own name', (secret) => ({ '__Host-isthmus-shop': secret }), NEWS],
  ])('is refused %s', async (_, cookies, origin) => {
    await using world = await createWorld()
    const partition = await world.link(await signedIn(world), SHOP)
    const thief = world.agent(cookies(partition.cookies.get('__Host-isthmus-shop') ?? ''))
    expect(await thief.ask('session', origin)).toMatchObject({ carrier: 'none', state: { status: 'signed-out' } })
    expect(await thief.embed(origin)).toMatchObject({ answer: { carrier: 'none', state: { status: 'signed-out' } } })
    expect(await world.hub.sessions.current(thief.request('/'))).toBeUndefined()
    expect(await problemOf(await thief.call('signOut', origin))).toMatchObject({ error: 'no-session', status: 401 })
    expect(await partition.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it('is not that of the session, which is refused in its place', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const thief = world.agent({ '__Host-isthmus-shop': browser.cookies.get('__Host-isthmus') ?? '' })
    expect(await thief.ask('session', SHOP)).toMatchObject({ carrier: 'none' })
  })
})
