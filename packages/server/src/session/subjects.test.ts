import { TOMBSTONE_LIFETIME_MS } from '@isthmus/protocol'
import { decodeJwt } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { startReceiver } from '../backchannel/receiver.test-world.ts'
import { CLERK, CUSTOMER, createWorld, NEWS, SHOP, SITES } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'

const IDLE_MS = 30 * 60_000

describe('what is kept of a user', () => {
  it('is exported whole: live sessions with what they hold, ended ones with what is left', async () => {
    await using world = await createWorld()
    const [first, second] = [world.agent(), world.agent()]
    const { sid } = await first.signIn(CUSTOMER)
    await second.signIn(CUSTOMER)
    await second.ask('session', SHOP)
    await world.agent().signIn(CLERK)
    await first.ask('signOut', SHOP)
    const { sub, sessions } = await world.hub.subjects.export(CUSTOMER.sub)
    expect(sub).toBe(CUSTOMER.sub)
    expect(sessions).toHaveLength(2)
    expect(sessions.find((one) => one.sid === sid)).toMatchObject({ claims: {}, ended: { reason: 'logout' } })
    const live = sessions.find((one) => one.sid !== sid)
    expect(live).toMatchObject({ claims: CUSTOMER.claims, groups: CUSTOMER.groups, sites: [{ site: 'shop' }] })
    expect(live).not.toHaveProperty('ended')
  })

  it('is erased: sessions end, and nothing in the store names the user; others are left alone', async () => {
    await using world = await createWorld()
    const [first, second, clerk] = [world.agent(), world.agent(), world.agent()]
    await first.signIn(CUSTOMER)
    await second.signIn(CUSTOMER)
    const partition = await world.link(second, SHOP)
    await first.ask('signOut', SHOP)
    await clerk.signIn(CLERK)
    expect(await world.dump()).toContain('"sub\\":\\"customer')
    expect(await world.hub.subjects.erase(CUSTOMER.sub)).toBe(2)
    const stored = await world.dump()
    expect(stored).not.toContain('customer')
    expect(stored).not.toContain('Customer')
    expect(await world.hub.subjects.export(CUSTOMER.sub)).toEqual({ sub: CUSTOMER.sub, sessions: [] })
    expect(await world.hub.subjects.erase(CUSTOMER.sub)).toBe(0)
    // Tabs that are open still hear why.
    expect((await partition.ask('session', SHOP)).state).toMatchObject({ status: 'signed-out', reason: 'revoked' })
    expect((await clerk.ask('session', SHOP)).state.status).toBe('signed-in')
  })

  it('is erased of a session that ran out unnoticed, and of one that is remembered only', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    world.pass(IDLE_MS + 1000)
    expect(await world.hub.subjects.erase(CUSTOMER.sub)).toBe(1)
    expect(await world.dump()).not.toContain('customer')
    expect((await browser.ask('session', SHOP)).state).toMatchObject({ status: 'signed-out', reason: 'idle' })
  })

  it('is found for as long as an ended session is remembered, and then forgotten by itself', async () => {
    await using world = await createWorld()
    await world.agent().signIn(CUSTOMER)
    world.pass(12 * 3_600_000 + 1000)
    expect((await world.hub.subjects.export(CUSTOMER.sub)).sessions).toHaveLength(1)
    world.pass(TOMBSTONE_LIFETIME_MS)
    expect((await world.hub.subjects.export(CUSTOMER.sub)).sessions).toEqual([])
  })
})

describe('a pairwise subject', () => {
  const pairwiseSecret = 'a secret of thirty-two characters'
  const sites = SITES.map((site) => (site.id === 'staff' ? site : { ...site, subject: 'pairwise' as const }))

  async function subAt(origin: string, store = memoryStore(), secret = pairwiseSecret): Promise<string> {
    await using world = await createWorld({ sites, pairwiseSecret: secret, store })
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const { state } = await browser.ask('session', origin, { headers: { 'isthmus-token': '1' } })
    if (state.status !== 'signed-in' || state.access !== 'granted') throw new Error('not granted')
    expect(decodeJwt(state.token ?? '').sub).toBe(state.user.sub)
    expect((await browser.embed(origin)).answer?.state).toMatchObject({ user: { sub: state.user.sub } })
    return state.user.sub
  }

  it('is another at each site, the same at all times, and tells nothing of the user', async () => {
    const [shop, again, news] = [await subAt(SHOP), await subAt(SHOP), await subAt(NEWS)]
    expect(shop).toMatch(/^[\w-]{43}$/)
    expect(again).toBe(shop)
    expect(news).not.toBe(shop)
    expect(await subAt(SHOP, memoryStore(), `${pairwiseSecret}!`)).not.toBe(shop)
  })

  it("is the one that the site's back end is told of at a sign-out", async () => {
    await using receiver = await startReceiver()
    const told = sites.map((site) => (site.id === 'shop' ? { ...site, backchannelLogoutUri: receiver.uri } : site))
    await using world = await createWorld({ sites: told, pairwiseSecret })
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const { state } = await browser.ask('session', SHOP)
    await browser.ask('signOut', SHOP)
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1))
    expect(state).toMatchObject({ user: { sub: receiver.received[0]?.claims.sub } })
  })

  it('is for sites; the program goes on with its own id', async () => {
    await using world = await createWorld({ sites, pairwiseSecret })
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    await browser.ask('session', SHOP)
    expect(await world.hub.sessions.list(CUSTOMER.sub)).toMatchObject([{ sub: CUSTOMER.sub }])
    expect(await (await browser.visit('/isthmus/account')).text()).toContain('Customer')
  })

  it('needs a secret, at the start', async () => {
    await expect(createWorld({ sites })).rejects.toThrow(
      'createHub: sites: "shop" has the subject "pairwise": that needs the option pairwiseSecret.',
    )
    await expect(createWorld({ sites, pairwiseSecret: 'short' })).rejects.toThrow(
      'createHub: pairwiseSecret needs 32 random characters or more.',
    )
  })
})
