import { ABSOLUTE_LIFETIME_MS, IDLE_LIFETIME_MS, TOMBSTONE_LIFETIME_MS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, NEWS, SHOP, STAFF, type World } from '../hub.test-world.ts'
import { createSecret } from './secrets.ts'

const MINUTE_MS = 60_000
const COOKIE = '__Host-isthmus'

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}
const stateOf = async (agent: Agent, origin = SHOP): Promise<Record<string, unknown>> =>
  (await agent.ask('session', origin)).state
const signedOut = (reason: string): object => expect.objectContaining({ status: 'signed-out', reason })

describe('signing in', () => {
  it('begins a new session with a new secret every time, and ends the one before', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const seen = new Set<unknown>()
    for (let times = 1; times <= 3; times++) {
      await browser.signIn(CUSTOMER)
      seen.add(browser.cookies.get(COOKIE)).add((await stateOf(browser)).sid)
      expect(seen.size).toBe(2 * times)
      expect(await world.hub.sessions.list('customer')).toHaveLength(1)
    }
  })

  it('keeps the sessions of other browsers', async () => {
    await using world = await createWorld()
    const [laptop, phone] = [await signedIn(world), await signedIn(world)]
    expect(await world.hub.sessions.list('customer')).toHaveLength(2)
    expect((await stateOf(laptop)).sid).not.toBe((await stateOf(phone)).sid)
  })

  it('never adopts a secret that was planted before', async () => {
    await using world = await createWorld()
    const planted = createSecret()
    const victim = world.agent({ [COOKIE]: planted })
    await victim.signIn(CUSTOMER)
    expect(victim.cookies.get(COOKIE)).not.toBe(planted)
    expect(await stateOf(world.agent({ [COOKIE]: planted }))).toEqual(signedOut('none'))
  })

  it('gives an attacker, whose session was planted before, nothing of the user who signs in over it', async () => {
    await using world = await createWorld()
    const attacker = world.agent()
    await attacker.signIn(CLERK)
    const partition = await world.link(attacker, SHOP)
    const planted = attacker.cookies.get(COOKIE) ?? ''

    await world.agent({ [COOKIE]: planted }).signIn(CUSTOMER)
    for (const agent of [attacker, partition]) {
      for (const name of ['session', 'touch', 'signOut'] as const) {
        expect(await agent.ask(name, SHOP)).toMatchObject({ state: { status: 'unlinked' } })
      }
      expect(JSON.stringify(await agent.embed(SHOP))).not.toMatch(/customer/i)
    }
    const returned = await world.link(attacker, SHOP)
    expect(await stateOf(returned)).toEqual(signedOut('none'))
    expect(await world.hub.sessions.list('customer')).toHaveLength(1)
  })
})

describe('partitions of a browser that goes on with another session', () => {
  it('are unlinked, over any number of users, and never told of them', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const children = [await world.link(browser, SHOP)]
    for (const subject of [CLERK, CUSTOMER, CLERK]) {
      await browser.signIn(subject)
      for (const child of children) {
        const answer = await child.ask('session', SHOP)
        expect(answer.state).toEqual({ status: 'unlinked', revision: expect.any(Number) })
      }
      children.push(await world.link(browser, SHOP))
    }
    await browser.ask('signOut', NEWS)
    // Not even that it is over: whoever kept the old carrier could watch the next user by it.
    const last = children.pop() as Agent
    expect(await stateOf(last)).toEqual(signedOut('logout'))
    for (const child of children) expect(await stateOf(child)).toMatchObject({ status: 'unlinked' })
  })

  it('tell nothing of what the next user does', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const former = await world.link(browser, SHOP)
    await browser.signIn(CLERK)
    const told = await former.ask('session', SHOP)
    expect(told.state).toEqual({ status: 'unlinked', revision: expect.any(Number) })
    world.pass(5 * MINUTE_MS)
    await browser.ask('touch', NEWS)
    expect(await former.ask('session', SHOP)).toEqual(told)
    await browser.ask('signOut', NEWS)
    expect(await former.ask('session', SHOP)).toEqual(told)
  })
})

describe('time', () => {
  it('ends a session that nobody uses: idle', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const child = await world.link(browser, SHOP)
    world.pass(IDLE_LIFETIME_MS - 1)
    expect(await stateOf(child)).toMatchObject({ status: 'signed-in' })
    world.pass(1)
    expect(await stateOf(child)).toEqual({ status: 'signed-out', reason: 'idle', revision: world.now() })
    expect(await world.hub.sessions.list('customer')).toEqual([])
    expect(await world.hub.sessions.current(browser.request('/'))).toBeUndefined()
    expect(await child.ask('touch', SHOP)).toMatchObject({ state: signedOut('idle') })
    world.pass(ABSOLUTE_LIFETIME_MS)
    expect(await stateOf(child)).toEqual(signedOut('idle'))
  })

  it('is pushed away by a touch, from any site, but never past the absolute end', async () => {
    await using world = await createWorld({ idleMs: 10 * MINUTE_MS, absoluteMs: 24 * MINUTE_MS })
    const browser = await signedIn(world)
    const child = await world.link(browser, NEWS)
    const end = world.now() + 24 * MINUTE_MS
    world.pass(9 * MINUTE_MS)
    const touched = await child.ask('touch', NEWS)
    expect(touched.state).toMatchObject({ expiresAt: end, idleExpiresAt: world.now() + 10 * MINUTE_MS })
    expect(await stateOf(browser)).toMatchObject({ revision: (touched.state as { revision: number }).revision })
    world.pass(9 * MINUTE_MS)
    expect(await browser.ask('touch', SHOP)).toMatchObject({ state: { expiresAt: end, idleExpiresAt: end } })
    world.pass(6 * MINUTE_MS - 1)
    expect(await stateOf(child, NEWS)).toMatchObject({ status: 'signed-in' })
    world.pass(1)
    expect(await stateOf(child, NEWS)).toEqual({ status: 'signed-out', reason: 'expired', revision: end })
    expect(await browser.ask('touch', SHOP)).toMatchObject({ state: signedOut('expired') })
  })

  it.each([
    ['a minute', { idleMs: 10 * MINUTE_MS }, MINUTE_MS],
    ['half an idle time that is short', { idleMs: 20_000 }, 10_000],
  ])('is pushed away once in %s, however many touches come', async (_, config, restMs) => {
    await using world = await createWorld(config)
    const browser = await signedIn(world)
    const child = await world.link(browser, NEWS)
    const states = async (): Promise<unknown> => [await stateOf(browser), await stateOf(child, NEWS)]
    const before = await states()
    const stored = await world.dump()
    world.pass(restMs / 3)
    for (const [who, site] of [
      [browser, SHOP],
      [child, NEWS],
      [browser, SHOP],
    ] as const)
      await who.ask('touch', site)
    expect(await states()).toEqual(before)
    expect(await world.dump()).toBe(stored)
    world.pass((2 * restMs) / 3)
    await child.ask('touch', NEWS)
    expect(await stateOf(browser)).toMatchObject({ idleExpiresAt: world.now() + config.idleMs, revision: world.now() })
  })

  it('keeps the reason for those who come late, then forgets the session', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const child = await world.link(browser, SHOP)
    await world.hub.sessions.revokeAll('customer')
    world.pass(ABSOLUTE_LIFETIME_MS + TOMBSTONE_LIFETIME_MS - 1)
    expect(await stateOf(child)).toEqual(signedOut('revoked'))
    expect(await stateOf(browser)).toEqual(signedOut('revoked'))
    world.pass(1)
    expect(await child.ask('session', SHOP)).toMatchObject({ carrier: 'none', state: signedOut('none') })
    await world.store.sweep()
    expect(await world.store.keys('')).toEqual(['hub/format', 'hub/guest-key'])
  })

  it('leaves the browser its cookie for as long as the reason is kept', async () => {
    await using world = await createWorld()
    const { cookies } = await world.agent().signIn(CUSTOMER)
    const lifeS = (ABSOLUTE_LIFETIME_MS + TOMBSTONE_LIFETIME_MS) / 1000
    expect(cookies[0]).toMatch(
      new RegExp(`^${COOKIE}=[\\w-]{43}; Max-Age=${lifeS}; Path=/; HttpOnly; Secure; SameSite=None$`),
    )
  })
})

describe('signing out', () => {
  it.each(['the hub', 'a partition'])('from %s ends everything, in this browser alone', async (from) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const children: [Agent, string][] = [
      [await world.link(browser, SHOP), SHOP],
      [await world.link(browser, NEWS), NEWS],
      [await world.link(browser, STAFF), STAFF],
    ]
    const elsewhere = await signedIn(world)
    world.pass(1000)
    if (from === 'the hub') await world.hub.signOut(browser.request('/'))
    else expect(await children[1]?.[0].ask('signOut', NEWS)).toMatchObject({ state: signedOut('logout') })
    for (const [child, origin] of [...children, [browser, SHOP] as const]) {
      expect(await stateOf(child, origin)).toEqual({ status: 'signed-out', reason: 'logout', revision: world.now() })
    }
    expect(await stateOf(elsewhere)).toMatchObject({ status: 'signed-in' })
  })

  it('twice changes nothing the second time', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const first = await browser.ask('signOut', SHOP)
    world.pass(1000)
    expect(await browser.ask('signOut', SHOP)).toEqual(first)
  })
})

describe('what each site is told of a user', () => {
  it('is the subject, and the claims it is registered for', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    expect((await stateOf(browser, SHOP)).user).toEqual({ sub: 'customer', name: 'Customer', cart: 3 })
    expect((await stateOf(browser, NEWS)).user).toEqual({ sub: 'customer', email: 'customer@mail.example' })
    expect(await stateOf(browser, STAFF)).toMatchObject({
      status: 'signed-in',
      access: 'denied',
      user: { sub: 'customer' },
    })
    expect((await stateOf(browser, STAFF)).user).toEqual({ sub: 'customer' })
    expect(await stateOf(await world.link(browser, STAFF), STAFF)).toMatchObject({ access: 'denied' })
    await browser.signIn(CLERK)
    expect(await stateOf(browser, STAFF)).toMatchObject({ access: 'granted', user: { sub: 'clerk', name: 'Clerk' } })
  })
})

describe('the revision', () => {
  it('grows at every change, within one millisecond too', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const revisions: number[] = []
    const note = async (): Promise<void> => void revisions.push(Number((await stateOf(browser)).revision))
    for (const subject of [CUSTOMER, CLERK]) {
      await browser.signIn(subject)
      await note()
      const sid = String((await stateOf(browser)).sid)
      for (let round = 0; round < 3; round++) {
        await world.hub.sessions.update(sid, { claims: { round } })
        await note()
      }
    }
    await browser.ask('signOut', SHOP)
    await note()
    await browser.signIn(CUSTOMER)
    await note()
    world.pass(IDLE_LIFETIME_MS)
    await note()
    await browser.signIn(CUSTOMER)
    await note()
    expect(revisions).toHaveLength(12)
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
  })

  it('is lost by none of many changes at once', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const { revision } = await stateOf(browser)
    const sid = String((await stateOf(browser)).sid)
    await Promise.all(Array.from({ length: 20 }, (_, round) => world.hub.sessions.update(sid, { claims: { round } })))
    expect((await stateOf(browser)).revision).toBe(Number(revision) + 20)
  })
})
