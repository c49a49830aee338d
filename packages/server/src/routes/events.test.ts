import { ABSOLUTE_LIFETIME_MS, PROBE_HEADER, PROBE_HOLD_MS, type SiteAnswer, siteAnswerSchema } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Agent,
  CLERK,
  CUSTOMER,
  countingStore,
  createWorld,
  HUB,
  NEWS,
  problemOf,
  SHOP,
  SITES,
  STAFF,
  type World,
} from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'

interface Stream {
  readonly response: Response
  /** The next state; `undefined` once the stream has ended. */
  next(): Promise<SiteAnswer | undefined>
  cancel(): Promise<void>
}

async function follow(agent: Agent, origin: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
  const response = await agent.call('events', origin, { headers })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel())
  const decoder = new TextDecoder()
  let text = ''
  return {
    response,
    async next() {
      for (;;) {
        const [block = '', ...rest] = text.split('\n\n')
        if (rest.length > 0) {
          text = rest.join('\n\n')
          // A line that begins with a colon is a sign of life, and no event; nor is a word on when to come back.
          if (block.startsWith(':') || block.startsWith('retry:')) continue
          const [, data = ''] = /^event: state\ndata: (.*)$/.exec(block) ?? []
          return siteAnswerSchema.parse(JSON.parse(data))
        }
        const { done, value } = await reader.read()
        if (done) return undefined
        text += decoder.decode(value, { stream: true })
      }
    },
    cancel: () => reader.cancel(),
  }
}

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { interval: 5 }).toBe(true)
}

describe('the event stream', () => {
  it('begins with the state, in a form that nobody keeps or holds back', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const stream = await follow(browser, SHOP)
    expect(await stream.next()).toEqual(await browser.ask('session', SHOP))
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(stream.response.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('tells every change, and ends after the last', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const stream = await follow(await world.link(browser, SHOP), SHOP)
    const first = await stream.next()
    expect(first).toMatchObject({ carrier: 'partitioned', state: { status: 'signed-in' } })
    world.pass(60_000)
    await browser.ask('touch', NEWS)
    expect(await stream.next()).toMatchObject({ state: { status: 'signed-in', revision: world.now() } })
    world.pass(1000)
    await browser.ask('signOut', NEWS)
    const last = { status: 'signed-out', reason: 'logout', revision: world.now() }
    expect(await stream.next()).toEqual({ site: 'shop', carrier: 'partitioned', state: last })
    expect(await stream.next()).toBeUndefined()
  })

  it('tells each site its own', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const streams = await Promise.all([SHOP, NEWS, STAFF].map((origin) => follow(browser, origin)))
    const users = await Promise.all(streams.map(async (stream) => (await stream.next())?.state))
    expect(users).toMatchObject([
      { access: 'granted', user: { sub: 'customer', name: 'Customer', cart: 3 } },
      { access: 'granted', user: { sub: 'customer', email: 'customer@mail.example' } },
      { access: 'denied', user: { sub: 'customer' } },
    ])
    await world.hub.sessions.revokeAll('customer')
    for (const stream of streams) {
      expect(await stream.next()).toMatchObject({ state: { status: 'signed-out', reason: 'revoked' } })
      expect(await stream.next()).toBeUndefined()
    }
  })

  it('of an old session ends without a word of the new user', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const stream = await follow(browser, SHOP)
    await stream.next()
    await browser.signIn(CLERK)
    expect(await stream.next()).toEqual({
      site: 'shop',
      carrier: 'cookie',
      state: { status: 'unlinked', revision: expect.any(Number) },
    })
    expect(await stream.next()).toBeUndefined()
  })

  it('of other users hears nothing of it', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const other = world.agent()
    await other.signIn(CLERK)
    const stream = await follow(other, SHOP)
    expect(await stream.next()).toMatchObject({ state: { user: { sub: 'clerk' } } })
    await browser.ask('signOut', SHOP)
    world.pass(60_000)
    await other.ask('touch', SHOP)
    expect(await stream.next()).toMatchObject({ state: { user: { sub: 'clerk' } } })
  })

  it.each(['nobody', 'a guest', 'a session that is over'])('for %s is one state', async (who) => {
    await using world = await createWorld()
    const browser = who === 'a session that is over' ? await signedIn(world) : world.agent()
    if (who === 'a guest') await world.link(browser, SHOP)
    await world.hub.signOut(browser.request('/'))
    const stream = await follow(browser, SHOP)
    expect(await stream.next()).toMatchObject({ state: { status: 'signed-out' } })
    expect(await stream.next()).toBeUndefined()
  })

  it.each<['idle' | 'expired', { idleMs: number; absoluteMs: number }]>([
    ['idle', { idleMs: 40, absoluteMs: ABSOLUTE_LIFETIME_MS }],
    ['expired', { idleMs: ABSOLUTE_LIFETIME_MS, absoluteMs: 40 }],
  ])('notices by itself that the session is over: %s', async (reason, config) => {
    await using world = await createWorld(config)
    const stream = await follow(await signedIn(world), SHOP)
    expect(await stream.next()).toMatchObject({ state: { status: 'signed-in' } })
    world.pass(40)
    expect(await stream.next()).toMatchObject({ state: { status: 'signed-out', reason, revision: world.now() } })
    expect(await stream.next()).toBeUndefined()
  })

  // It went on to tell claims and fresh tokens to a site that was registered no more.
  it('ends when its site is taken off the list', async () => {
    let sites = SITES
    await using world = await createWorld({ sites: () => sites })
    const browser = await signedIn(world)
    const streams = await Promise.all([SHOP, NEWS].map((origin) => follow(browser, origin)))
    for (const stream of streams) await stream.next()
    sites = SITES.filter(({ id }) => id !== 'shop')
    world.pass(60_000)
    await browser.ask('touch', NEWS)
    const [shop, news] = streams
    expect(await shop?.next()).toBeUndefined()
    expect(await news?.next()).toMatchObject({ state: { status: 'signed-in', revision: world.now() } })
  })

  it('misses no change that happens while it starts', async () => {
    await using world = await createWorld()
    for (let round = 0; round < 20; round++) {
      const browser = await signedIn(world)
      const [stream] = await Promise.all([follow(browser, SHOP), browser.ask('signOut', NEWS)])
      let answer = await stream.next()
      if (answer?.state.status === 'signed-in') answer = await stream.next()
      expect(answer?.state).toMatchObject({ status: 'signed-out', reason: 'logout' })
    }
  })
})

describe('a stream that is asked for as a probe', () => {
  const held = Symbol('held')

  it.each<[string, (world: World) => unknown]>([
    ['until its time is over', (world) => world.pass(PROBE_HOLD_MS)],
    ['or until the hub closes', (world) => world.hub.close()],
  ])('is held open after its last event, %s', async (_, release) => {
    await using world = await createWorld()
    const stream = await follow(world.agent(), SHOP, { [PROBE_HEADER]: 'hold' })
    expect(stream.response.headers.get(PROBE_HEADER)).toBe('held')
    expect(await stream.next()).toMatchObject({ state: { status: 'signed-out' } })
    const ended = stream.next()
    world.pass(PROBE_HOLD_MS - 1)
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50, held))])).toBe(held)
    await release(world)
    expect(await ended).toBeUndefined()
  })
})

describe('the subscription behind a stream', () => {
  it('ends with the reader, with the session and with the hub', async () => {
    const { store, followers } = countingStore()
    await using world = await createWorld({ store })
    const browser = await signedIn(world)
    const [first, second] = [await follow(browser, SHOP), await follow(browser, NEWS)]
    await Promise.all([first.next(), second.next()])
    expect(followers()).toBe(1)
    await first.cancel()
    expect(followers()).toBe(1)
    await browser.ask('signOut', SHOP)
    await until(() => followers() === 0)

    await browser.signIn(CUSTOMER)
    const third = await follow(browser, SHOP)
    await third.next()
    expect(followers()).toBe(1)
    await world.hub.close()
    expect(await third.next()).toBeUndefined()
    expect(followers()).toBe(0)
  })

  it('is not opened by HEAD, which nobody would end', async () => {
    const { store, followers } = countingStore()
    await using world = await createWorld({ store })
    const browser = await signedIn(world)
    const response = await browser.call('events', SHOP, { method: 'HEAD', headers: { origin: HUB } })
    expect(response.status).toBe(404)
    expect(followers()).toBe(0)
  })
})

describe('a store that fails under a stream', () => {
  it('breaks the stream off, and is told as an error', async () => {
    const store = memoryStore()
    let broken = false
    const get: Store['get'] = (key) => (broken ? Promise.reject(new Error('disk gone')) : store.get(key))
    await using world = await createWorld({ store: { ...store, get } })
    const errors: unknown[] = []
    world.hub.on('error', (event) => errors.push(event))
    const browser = await signedIn(world)
    const stream = await follow(browser, SHOP)
    const { state } = (await stream.next()) as SiteAnswer
    broken = true
    await store.publish(`session/${(state as { sid: string }).sid}`)
    expect(await stream.next()).toBeUndefined()
    expect(errors).toEqual([{ error: expect.objectContaining({ message: 'disk gone' }), path: '/isthmus/events' }])
    expect(await problemOf(await browser.call('events', SHOP))).toMatchObject({ error: 'internal', status: 500 })
  })
})
