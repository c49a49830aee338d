import { DELIVERY_LEASE_MS, DELIVERY_TIMEOUT_MS, LOGOUT_EVENT, TOMBSTONE_LIFETIME_MS } from '@isthmus/protocol'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SiteConfig } from '../config/site.ts'
import { type HeldTime, holdTime } from '../held-time.test-world.ts'
import { CUSTOMER, HUB, START } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { hangs, type Receiver, says, startReceiver } from './receiver.test-world.ts'
import { createServers, type Registry, type Server, type Servers } from './servers.test-world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const siteOf = (id: string, receiver?: Receiver, more: Partial<SiteConfig> = {}): SiteConfig => ({
  id,
  origins: [`https://${id}.example`],
  ...(receiver && { backchannelLogoutUri: receiver.uri }),
  ...more,
})

async function receiver(...behaviour: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...behaviour)
  onTestFinished(() => started[Symbol.asyncDispose]())
  return started
}

async function serverOf(servers: Servers, time?: HeldTime): Promise<Server> {
  const server = await servers.start(time)
  onTestFinished(() => server.stop())
  return server
}

/** Waits until a server told of so many attempts; gives the last one. */
async function attempts(server: Server, count: number): Promise<Server['told'][number]> {
  await vi.waitFor(() => expect(server.told.length).toBeGreaterThanOrEqual(count), { timeout: 5000, interval: 5 })
  expect(server.told).toHaveLength(count)
  return server.told.at(-1) as Server['told'][number]
}

/** What is left to be done, in the store. */
async function queued({ store }: Servers): Promise<readonly string[]> {
  const due = (await store.keys('due/')).filter((key) => key.includes('/delivery/'))
  return [...(await store.keys('delivery/')), ...due]
}

describe('the end of a session', () => {
  it('is told to every site that it was used on, and to no other', async () => {
    const [shop, news, staff, never] = [await receiver(), await receiver(), await receiver(), await receiver()]
    const servers = createServers([
      siteOf('shop', shop),
      siteOf('news', news),
      siteOf('staff', staff, { groups: { anyOf: ['staff'] } }),
      siteOf('never', never),
      siteOf('plain'),
    ])
    const server = await serverOf(servers)
    const session = await servers.signIn(server, 'shop', 'news', 'plain', 'staff')
    await server.sessions.end(session.sid, 'logout')
    await attempts(server, 2)
    expect(server.told).toEqual(
      expect.arrayContaining(
        ['shop', 'news'].map((site) => ({
          site,
          sid: session.sid,
          ok: true,
          attempt: 1,
          status: 200,
          retryAt: null,
          durationMs: expect.any(Number),
        })),
      ),
    )
    expect([shop, news, staff, never].map(({ received }) => received.length)).toEqual([1, 1, 0, 0])
    expect(await queued(servers)).toEqual([])
    expect(await server.deliveries.states(session.sid)).toEqual(
      new Map([
        ['news', 'confirmed'],
        ['shop', 'confirmed'],
      ]),
    )
    expect(server.errors).toEqual([])
  })

  it('is told by a standard logout token, in a form that holds nothing else', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    await attempts(server, 1)
    const [request] = shop.received
    expect(request).toMatchObject({
      method: 'POST',
      path: '/bye',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'cache-control': 'no-store' },
    })
    expect(request?.headers).not.toHaveProperty('cookie')
    const form = new URLSearchParams(request?.body)
    expect([...form.keys()]).toEqual(['logout_token'])
    const token = form.get('logout_token') ?? ''
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'logout+jwt' })
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...(await server.keys.published())] }), {
      issuer: HUB,
      audience: 'shop',
      currentDate: new Date(START),
    })
    expect(payload).toEqual({
      iss: HUB,
      aud: 'shop',
      sub: 'customer',
      sid,
      iat: START / 1000,
      exp: START / 1000 + 120,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      events: { [LOGOUT_EVENT]: {} },
    })
  })

  it('keeps nobody waiting: ending returns while every site hangs', async () => {
    const shop = await receiver(hangs)
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const session = await servers.signIn(server, 'shop')
    // No time passes here: it does not wait for the attempt to be given up.
    await server.sessions.end(session.sid, 'logout')
    expect(await servers.ask(server, session, 'shop')).toMatchObject({ status: 'signed-out', reason: 'logout' })
    await vi.waitFor(() => expect(shop.received).toHaveLength(1))
    expect(await server.deliveries.states(session.sid)).toEqual(new Map([['shop', 'waiting']]))
  })

  it('is told when the same browser signs in anew', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const session = await servers.signIn(server, 'shop')
    await server.sessions.begin(CUSTOMER, session)
    await attempts(server, 1)
    expect(shop.received[0]?.claims).toMatchObject({ sid: session.sid })
  })

  it('is told once, however often it is ended at the same time', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const all = await Promise.all([serverOf(servers), serverOf(servers)])
    const session = await servers.signIn(all[0], 'shop')
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (all[index % 2] as Server).sessions.end(session.sid, 'revoked')),
    )
    expect(ends.filter(Boolean)).toHaveLength(1)
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    expect(shop.received).toHaveLength(1)
  })

  it('reaches every site that was told of the session, even if both happen at once', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const told = new Set<string>()
    for (let round = 0; round < 30; round++) {
      const session = await servers.signIn(server)
      const [state] = await Promise.all([
        servers.ask(server, session, 'shop'),
        server.sessions.end(session.sid, 'logout'),
      ])
      if (state.status === 'signed-in') told.add(session.sid)
    }
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    const heard = new Set(shop.received.map(({ claims }) => claims.sid))
    expect([...told].filter((sid) => !heard.has(sid))).toEqual([])
  })
})

describe('a site that is written down', () => {
  it('costs one write per session, and one when "last seen" is old; never a revision', async () => {
    const store = memoryStore({ clock: () => START })
    const write = vi.spyOn(store, 'write')
    const servers = createServers([siteOf('shop'), siteOf('news')], { store: () => store })
    const server = await serverOf(servers)
    const session = await servers.signIn(server)
    const before = write.mock.calls.length
    for (let times = 0; times < 20; times++) {
      for (const id of ['shop', 'news']) {
        expect(await servers.ask(server, session, id)).toMatchObject({ revision: session.revision })
      }
    }
    expect(write.mock.calls.length - before).toBe(2)
    servers.pass(5 * MINUTE_MS)
    await servers.ask(server, session, 'shop')
    await servers.ask(server, session, 'shop')
    expect(write.mock.calls.length - before).toBe(3)
    expect((await server.sessions.get(session.sid))?.sites).toEqual({
      shop: { firstAt: START, lastAt: START + 5 * MINUTE_MS },
      news: { firstAt: START, lastAt: START },
    })
  })

  it('may have a name that every object knows', async () => {
    const receiving = await receiver()
    const servers = createServers([siteOf('constructor', receiving)])
    const server = await serverOf(servers)
    const unused = await servers.signIn(server)
    await server.sessions.end(unused.sid, 'logout')
    const used = await servers.signIn(server, 'constructor')
    await server.sessions.end(used.sid, 'logout')
    await attempts(server, 1)
    expect(receiving.received.map(({ claims }) => claims.sid)).toEqual([used.sid])
  })
})

describe('a back end that does not take the token', () => {
  it.each([
    ['says 400', says(400), 400],
    ['says 500', says(500), 500],
    ['hangs', hangs, 'timeout'],
    ['hangs within its head', ((_, { socket }) => socket.write('HTTP/1.1 200 OK\r\nX')) as typeof hangs, 'timeout'],
    ['breaks off', ((response) => response.destroy()) as typeof hangs, 'unreachable'],
    ['speaks no HTTP', ((_, request) => request.socket.end('hello')) as typeof hangs, 'unreachable'],
    ['sends a head without end', says(200, { 'x-long': 'x'.repeat(100_000) }), 'unreachable'],
  ] as const)('and %s is told again, until it does', async (_, behaviour, status) => {
    const shop = await receiver(behaviour)
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    if (status === 'timeout') {
      await vi.waitFor(() => expect(shop.received).toHaveLength(1), { interval: 5 })
      servers.pass(DELIVERY_TIMEOUT_MS)
    }
    const first = await attempts(server, 1)
    expect(first).toMatchObject({ ok: false, attempt: 1, status })
    expect(first.retryAt).toBeGreaterThan(servers.now())
    expect(first.retryAt).toBeLessThanOrEqual(servers.now() + 1000)
    expect(await server.deliveries.states(sid)).toEqual(new Map([['shop', 'retrying']]))

    shop.behave(says(204))
    await server.agenda.look()
    expect(server.told).toHaveLength(1)
    servers.pass((first.retryAt ?? 0) - servers.now())
    await server.agenda.look()
    expect(await attempts(server, 2)).toMatchObject({ ok: true, attempt: 2, status: 204, retryAt: null })
    expect(await queued(servers)).toEqual([])
    const [one, two] = shop.received.map(({ claims }) => claims)
    // A receiver that remembers every jti must be able to take the second one.
    if (two) expect(one?.jti).not.toBe(two.jti)
  })

  it('that is not there at all is told when it is', async () => {
    const gone = await startReceiver()
    const { uri } = gone
    await gone[Symbol.asyncDispose]()
    const registry: Registry = [{ ...siteOf('shop'), backchannelLogoutUri: uri }]
    const servers = createServers(registry)
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    expect(await attempts(server, 1)).toMatchObject({ ok: false, status: 'unreachable' })
    const back = await receiver()
    registry[0] = siteOf('shop', back)
    servers.pass(1000)
    await server.agenda.look()
    expect(await attempts(server, 2)).toMatchObject({ ok: true })
    expect(back.received[0]?.claims).toMatchObject({ sid })
  })

  it('cannot lead the hub elsewhere by a redirect', async () => {
    const inside = await receiver()
    for (const status of [301, 302, 303, 307, 308]) {
      const shop = await receiver(says(status, { location: inside.uri }))
      const servers = createServers([siteOf('shop', shop)])
      const server = await serverOf(servers)
      const { sid } = await servers.signIn(server, 'shop')
      await server.sessions.end(sid, 'logout')
      expect(await attempts(server, 1)).toMatchObject({ ok: false, status, retryAt: expect.any(Number) })
    }
    expect(inside.received).toEqual([])
  })

  it('cannot keep the hub busy by an answer without end', async () => {
    let sent = 0
    let isClosed = false
    const shop = await receiver((response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      const chunk = Buffer.alloc(64 * 1024)
      const pour = (): void => {
        if (response.destroyed) return
        sent += chunk.length
        response.write(chunk, pour)
      }
      response.on('close', () => {
        isClosed = true
      })
      pour()
    })
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    expect(await attempts(server, 1)).toMatchObject({ ok: true, status: 200 })
    await vi.waitFor(() => expect(isClosed).toBe(true))
    expect(sent).toBeLessThan(16 * 1024 * 1024)
  })

  it('holds up nobody else, however many wait for it', async () => {
    const [slow, fast] = [await receiver(hangs), await receiver()]
    const servers = createServers([siteOf('slow', slow), siteOf('fast', fast)])
    const server = await serverOf(servers)
    for (let count = 0; count < 40; count++) {
      await server.sessions.end((await servers.signIn(server, 'slow', 'fast')).sid, 'logout')
    }
    await vi.waitFor(() => expect(fast.received).toHaveLength(40), { timeout: 5000 })
    expect(slow.received.length).toBeLessThanOrEqual(16)
  })

  it('is given up after a day, and nothing is left', async () => {
    const shop = await receiver(says(503))
    const servers = createServers([siteOf('shop', shop)])
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    let last = await attempts(server, 1)
    const pauses: number[] = []
    while (last.retryAt !== null) {
      pauses.push(last.retryAt - servers.now())
      servers.pass(last.retryAt - servers.now())
      await server.agenda.look()
      last = await attempts(server, last.attempt + 1)
    }
    expect(servers.now()).toBe(START + DAY_MS)
    expect(last).toMatchObject({ ok: false, status: 503 })
    // Full steps would be 1, 2, 4 … 1024 s and then half an hour each.
    expect(last.attempt).toBeGreaterThan(11 + 40)
    expect(last.attempt).toBeLessThan(12 + 110)
    for (const [index, pause] of pauses.slice(0, -1).entries()) {
      const longest = Math.min(2 ** index * 1000, 30 * MINUTE_MS)
      expect(pause).toBeGreaterThanOrEqual(longest / 2)
      expect(pause).toBeLessThanOrEqual(longest + 1000)
    }
    expect(await queued(servers)).toEqual([])
    expect(await server.deliveries.states(sid)).toEqual(new Map([['shop', 'given-up']]))
    servers.pass(DAY_MS)
    await server.agenda.look()
    expect(shop.received).toHaveLength(last.attempt)
    expect(await server.deliveries.states(sid)).toEqual(new Map())
  })
})

describe('the configuration', () => {
  it('alone says where a token goes: one that was changed counts from the next attempt on', async () => {
    const [former, latter] = [await receiver(says(500)), await receiver()]
    const registry: Registry = [siteOf('shop', former)]
    const servers = createServers(registry)
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    await attempts(server, 1)
    registry[0] = siteOf('shop', latter)
    servers.pass(1000)
    await server.agenda.look()
    await attempts(server, 2)
    expect([former, latter].map(({ received }) => received.length)).toEqual([1, 1])
  })

  it('without the site ends its deliveries', async () => {
    const shop = await receiver(says(500))
    const registry: Registry = [siteOf('shop', shop), siteOf('news')]
    const servers = createServers(registry)
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    await attempts(server, 1)
    registry.shift()
    servers.pass(1000)
    await server.agenda.look()
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    expect(shop.received).toHaveLength(1)
    expect(await server.deliveries.states(sid)).toEqual(new Map([['shop', 'given-up']]))
  })
})

describe('several hub servers on one store', () => {
  it('deliver once: of all that look at once, one attempts', async () => {
    const shop = await receiver(says(500))
    const servers = createServers([siteOf('shop', shop)])
    const all = await Promise.all([serverOf(servers), serverOf(servers), serverOf(servers)])
    const sids: string[] = []
    for (let count = 0; count < 25; count++) {
      const { sid } = await servers.signIn(all[0], 'shop')
      await all[0].sessions.end(sid, 'logout')
      sids.push(sid)
    }
    await attempts(all[0], 25)
    shop.behave(says(200))
    shop.received.length = 0
    servers.pass(1000)
    await Promise.all(all.map(({ agenda }) => agenda.look()))
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    expect(shop.received.map(({ claims }) => claims.sid).sort()).toEqual(sids.sort())
  })

  it('take over from one that died over an attempt, once its time is over', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const [dead, alive] = [await serverOf(servers), await serverOf(servers)]
    const session = await servers.signIn(dead, 'shop')
    // What a server stored that was killed before the first attempt.
    const farewell = await dead.deliveries.prepare((await dead.sessions.get(session.sid)) ?? session)
    await servers.store.write(farewell.steps)
    servers.pass(DELIVERY_LEASE_MS - 1)
    await alive.agenda.look()
    expect(shop.received).toHaveLength(0)
    servers.pass(1)
    await alive.agenda.look()
    expect(await attempts(alive, 1)).toMatchObject({ ok: true, attempt: 1 })
    expect(await queued(servers)).toEqual([])
  })

  it('do not queue again what another one delivered meanwhile', async () => {
    const shop = await receiver(hangs)
    const servers = createServers([siteOf('shop', shop)])
    const slowTime = holdTime(START)
    const [slow, fast] = [await serverOf(servers, slowTime), await serverOf(servers)]
    const session = await servers.signIn(slow, 'shop')
    await slow.sessions.end(session.sid, 'logout')
    await vi.waitFor(() => expect(shop.received).toHaveLength(1))
    shop.behave(says(200))
    // The time of the slow one stands still: its lease is over while it still waits.
    servers.pass(DELIVERY_LEASE_MS)
    await fast.agenda.look()
    await attempts(fast, 1)
    slowTime.pass(DELIVERY_TIMEOUT_MS)
    expect(await attempts(slow, 1)).toMatchObject({ ok: false, status: 'timeout', retryAt: null })
    expect(await queued(servers)).toEqual([])
    expect(await slow.deliveries.states(session.sid)).toEqual(new Map([['shop', 'confirmed']]))
  })

  it('tell each other how it goes', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const [here, there] = [await serverOf(servers), await serverOf(servers)]
    const session = await servers.signIn(here, 'shop')
    let heard = 0
    const unfollow = await there.deliveries.follow(session.sid, () => heard++)
    await here.sessions.end(session.sid, 'logout')
    await vi.waitFor(() => expect(heard).toBeGreaterThan(0))
    unfollow()
    expect(await there.deliveries.states(session.sid)).toEqual(new Map([['shop', 'confirmed']]))
  })

  it('break off at once when they are closed, and leave the rest to the others', async () => {
    const shop = await receiver(hangs)
    const servers = createServers([siteOf('shop', shop)])
    const closed = await servers.start()
    const session = await servers.signIn(closed, 'shop')
    await closed.sessions.end(session.sid, 'logout')
    await vi.waitFor(() => expect(shop.received).toHaveLength(1))
    // No time passes here: the attempt is not waited for.
    await closed.stop()
    expect(closed.told).toEqual([])
    shop.behave(says(200))
    const next = await serverOf(servers)
    await next.agenda.look()
    expect(await attempts(next, 1)).toMatchObject({ ok: true, attempt: 1 })
  })
})

describe('a session that runs out', () => {
  it.each([
    ['idle', 30 * MINUTE_MS],
    ['expired', 12 * 60 * MINUTE_MS],
  ] as const)('%s is told as well, once by all servers together', async (reason, lifeMs) => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop)])
    const all = await Promise.all([serverOf(servers), serverOf(servers)])
    const session = await servers.signIn(all[0], 'shop')
    for (let used = 0; reason === 'expired' && used < 12 * 60 - 20; used += 20) {
      servers.pass(20 * MINUTE_MS)
      await all[0].sessions.touch(session.sid)
      await all[1].agenda.look()
    }
    servers.pass(START + lifeMs - servers.now() - 1)
    await Promise.all(all.map(({ agenda }) => agenda.look()))
    expect(await servers.ask(all[0], session, 'shop')).toMatchObject({ status: 'signed-in' })
    servers.pass(1)
    const before = await servers.ask(all[0], session, 'shop')
    expect(before).toMatchObject({ status: 'signed-out', reason })
    servers.pass(1500)
    await Promise.all(all.map(({ agenda }) => agenda.look()))
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    expect(shop.received.map(({ claims }) => claims.sid)).toEqual([session.sid])
    // Writing it down changes nothing of what was told.
    expect(await servers.ask(all[1], session, 'shop')).toEqual(before)
    expect(await all[0].sessions.get(session.sid)).toMatchObject({ end: { reason, at: START + lifeMs } })
    expect(await servers.store.keys('due/')).toEqual([])
  })

  it('is found after a downtime, and one of a site without a back-channel is only written down', async () => {
    const shop = await receiver()
    const servers = createServers([siteOf('shop', shop), siteOf('plain')])
    const first = await servers.start()
    const [told, untold] = [await servers.signIn(first, 'shop'), await servers.signIn(first, 'plain')]
    await first.stop()
    servers.pass(3 * 60 * MINUTE_MS)
    const second = await serverOf(servers)
    await second.agenda.look()
    await attempts(second, 1)
    expect(shop.received[0]?.claims).toMatchObject({ sid: told.sid })
    for (const { sid } of [told, untold]) {
      const end = { reason: 'idle', at: START + 30 * MINUTE_MS }
      expect(await second.sessions.get(sid)).toMatchObject({ end, claims: {}, groups: [], device: {} })
    }
  })

  it('leaves nothing on the agenda when it was ended before its time', async () => {
    const servers = createServers([siteOf('shop')])
    const server = await serverOf(servers)
    const { sid } = await servers.signIn(server, 'shop')
    await server.sessions.end(sid, 'logout')
    servers.pass(30 * MINUTE_MS)
    await server.agenda.look()
    expect(await servers.store.keys('due/')).toEqual([])
    servers.pass(TOMBSTONE_LIFETIME_MS + 12 * 60 * MINUTE_MS)
    expect(await servers.store.keys('session/')).toEqual([])
  })
})

describe('a store that fails', () => {
  it('when the outcome is written: the program hears of it, and the site is told again', async () => {
    const shop = await receiver()
    let isBroken = false
    const broken = (store: Store): Store => ({
      ...store,
      write: (steps) => (isBroken ? Promise.reject(new Error('The disk is full.')) : store.write(steps)),
    })
    const servers = createServers([siteOf('shop', shop)], { store: (clock) => broken(memoryStore({ clock })) })
    const server = await serverOf(servers)
    const session = await servers.signIn(server, 'shop')
    shop.behave((response) => {
      isBroken = true
      response.end()
    })
    await server.sessions.end(session.sid, 'logout')
    await vi.waitFor(() => expect(server.errors).toMatchObject([{ message: 'The disk is full.' }]))
    isBroken = false
    shop.behave(says(200))
    servers.pass(DELIVERY_LEASE_MS)
    await server.agenda.look()
    await vi.waitFor(async () => expect(await queued(servers)).toEqual([]))
    expect(shop.received).toHaveLength(2)
  })
})
