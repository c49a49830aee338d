import { GUEST_LIFETIME_MS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, NEWS, SHOP, type World } from '../hub.test-world.ts'
import { createSecret } from './secrets.ts'

const GUEST = '__Host-isthmus.guest'
const stateOf = async (agent: Agent, origin = SHOP): Promise<Record<string, unknown>> =>
  (await agent.ask('session', origin)).state

/** What the store holds beside the keys of the hub. */
const rowsOf = async (world: World): Promise<string[]> =>
  (await world.store.keys('')).filter((key) => !key.startsWith('hub/'))

describe('a browser that is signed out', () => {
  it('costs the store nothing once it is linked', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const partition = await world.link(browser, SHOP)
    expect(await partition.ask('session', SHOP)).toMatchObject({
      carrier: 'partitioned',
      state: { status: 'signed-out', reason: 'none' },
    })
    expect(await rowsOf(world)).toEqual([])
    expect([...browser.cookies.keys()]).toEqual([GUEST])
    expect(await world.hub.sessions.current(browser.request('/'))).toBeUndefined()
  })

  it('has its partitions learn that somebody signed in', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const partitions = [await world.link(browser, SHOP), await world.link(browser, SHOP)]
    const elsewhere = await world.link(world.agent(), SHOP)
    await browser.signIn(CUSTOMER)
    for (const partition of partitions) {
      const told = await partition.ask('session', SHOP)
      expect(told).toMatchObject({ carrier: 'partitioned', state: { status: 'unlinked' } })
      world.pass(1000)
      await browser.ask('signOut', NEWS)
      expect(await partition.ask('session', SHOP)).toEqual(told)
    }
    expect(await stateOf(elsewhere)).toMatchObject({ status: 'signed-out', reason: 'none' })
    expect(browser.cookies.has(GUEST)).toBe(false)
  })

  it('is one guest over many links', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const shop = await world.link(browser, SHOP)
    const secret = browser.cookies.get(GUEST)
    const news = await world.link(browser, NEWS)
    expect(browser.cookies.get(GUEST)).toBe(secret)
    await browser.signIn(CUSTOMER)
    expect(await stateOf(shop)).toMatchObject({ status: 'unlinked' })
    expect(await stateOf(news, NEWS)).toMatchObject({ status: 'unlinked' })
  })

  it('has its partitions ask anew after an hour, which heals where its own cookies were deleted', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const partition = await world.link(browser, SHOP)
    browser.cookies.clear()
    await browser.signIn(CUSTOMER)
    world.pass(GUEST_LIFETIME_MS - 1)
    expect(await partition.ask('session', SHOP)).toMatchObject({ carrier: 'partitioned' })
    world.pass(1)
    expect(await partition.ask('session', SHOP)).toMatchObject({ carrier: 'none' })
  })

  it('gives partitions a cookie for an hour, and no longer', async () => {
    await using world = await createWorld()
    const body = JSON.stringify(await world.ticket(world.agent(), `${SHOP}/`))
    const response = await world.agent().call('redeem', SHOP, { body })
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-isthmus-shop=[\w-]{43}; Max-Age=3600; .*Partitioned; SameSite=None$/),
    ])
  })

  it('takes the place of a session that its partition had, and counts as later', async () => {
    await using world = await createWorld()
    const other = world.agent()
    await other.signIn(CLERK)
    const partition = await world.link(other, SHOP)
    const body = JSON.stringify(await world.ticket(world.agent(), `${SHOP}/`))
    const ended = world.now()
    const answer = await partition.ask('redeem', SHOP, { body })
    expect(answer.state).toMatchObject({ status: 'signed-out', reason: 'none' })
    expect(answer.state.revision).toBeGreaterThan(ended)
    expect(await partition.ask('session', SHOP)).toEqual(answer)
    expect(await world.hub.sessions.list('clerk')).toEqual([])
  })
})

describe('the carrier of a guest', () => {
  it.each<[string, (value: string) => string, string]>([
    ['of another site', (value) => value, NEWS],
    ['with another letter', (value) => `${value.startsWith('B') ? 'C' : 'B'}${value.slice(1)}`, SHOP],
    ['that is any secret', () => createSecret(), SHOP],
    ['that is cut', (value) => value.slice(0, -1), SHOP],
  ])('%s opens nothing', async (_, change, origin) => {
    await using world = await createWorld()
    const value = (await world.link(world.agent(), SHOP)).cookies.get('__Host-isthmus-shop') ?? ''
    const thief = world.agent({ [`__Host-isthmus-${origin === NEWS ? 'news' : 'shop'}`]: change(value) })
    expect(await thief.ask('session', origin)).toMatchObject({ carrier: 'none' })
  })

  it('is not what its browser keeps', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const partition = await world.link(browser, SHOP)
    const secret = browser.cookies.get(GUEST) ?? ''
    expect(partition.cookies.get('__Host-isthmus-shop')).not.toBe(secret)
    expect(await world.dump()).not.toContain(secret)
    expect(await world.agent({ '__Host-isthmus-shop': secret }).ask('session', SHOP)).toMatchObject({ carrier: 'none' })
  })
})
