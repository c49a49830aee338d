import { ENDPOINTS } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HubConfig } from '../config/hub-config.ts'
import { type Agent, CUSTOMER, createWorld, NEWS, problemOf, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'
import { redisStore } from '../store/redis.ts'
import { hasRedis, startRedis } from '../store/redis-server.test-world.ts'

const OFFICE = '198.41.0.4'
const HOME = '2a00:1450:4001:800::1'

/** A hub that is told where its requests come from. */
async function createAt(
  address: string,
  config: Partial<HubConfig> = {},
): Promise<World & { at(other: string): void }> {
  let from = address
  const world = await createWorld(config)
  const { fetch } = world.hub
  Object.assign(world.hub, { fetch: (request: Request) => fetch(request, { address: from }) })
  onTestFinished(() => world.hub.close())
  return Object.assign(world, {
    at(other: string) {
      from = other
    },
  })
}

const visit = (agent: Agent, origin = SHOP): Promise<Response> =>
  agent.call('registerVisit', origin, {
    body: JSON.stringify({ to: 'link', returnTo: `${origin}/`, challenge: sha256(createSecret()) }),
  })

/** The statuses of so many requests, one after the other. */
async function statuses(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index++) found.push((await ask()).status)
  return found
}

describe('an address', () => {
  it('that asks too often is told when to come back, and no other is', async () => {
    const world = await createAt(OFFICE, { limits: { visitsPerMinute: 2 } })
    const agent = world.agent()
    expect(await statuses(2, () => visit(agent))).toEqual([200, 200])
    const refused = await visit(agent)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(await problemOf(refused)).toMatchObject({ status: 429, error: 'too-many-requests' })
    world.at(HOME)
    expect(await statuses(2, () => visit(agent))).toEqual([200, 200])
    // A household has 64 bits for itself.
    world.at('2a00:1450:4001:800:ffff::2')
    expect((await visit(agent)).status).toBe(429)
  })

  it.each(['127.0.0.1', '10.1.2.3', '::1', 'unknown'])(
    'that is the one of a proxy is not counted: %s',
    async (address) => {
      const world = await createAt(address, { limits: { visitsPerMinute: 1 } })
      expect(await statuses(3, () => visit(world.agent()))).toEqual([200, 200, 200])
    },
  )

  it('is bounded in tickets, sign-ins and proofs as well', async () => {
    const world = await createAt(OFFICE, { limits: { ticketsPerMinute: 1, signInsPerMinute: 1, proofsPerMinute: 1 } })
    const agent = world.agent()
    const headers = { referer: `${SHOP}/` }
    const query = `?${new URLSearchParams({ return_to: `${SHOP}/` })}`
    expect(await statuses(2, () => agent.visit(ENDPOINTS.link.path + query, { headers }))).toEqual([303, 429])
    expect(await statuses(2, () => agent.visit(ENDPOINTS.login.path + query, { headers }))).toEqual([303, 429])
    const prove = () => agent.call('session', SHOP, { headers: { dpop: 'none' } })
    expect(await statuses(2, prove)).toEqual([200, 429])
  })

  it('has an end of its streams; one that is closed makes room', async () => {
    const world = await createAt(OFFICE, { limits: { streamsPerAddress: 2 } })
    const browsers = [world.agent(), world.agent(), world.agent()]
    for (const browser of browsers) await browser.signIn(CUSTOMER)
    const [first, second, third] = browsers as [Agent, Agent, Agent]
    const open = await first.call('events', SHOP)
    await second.call('events', SHOP)
    expect((await third.call('events', SHOP)).status).toBe(429)
    await open.body?.cancel()
    expect((await third.call('events', SHOP)).status).toBe(200)
  })
})

it('a session has an end of its streams and, for each site, of its carriers', async () => {
  const world = await createAt(OFFICE, { limits: { streamsPerSession: 2, carriersPerHour: 2 } })
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  expect(await statuses(3, () => browser.call('events', SHOP))).toEqual([200, 200, 429])
  const redeem = async (origin: string): Promise<Response> =>
    world.agent().call('redeem', origin, { body: JSON.stringify(await world.ticket(browser, `${origin}/`)) })
  expect(await statuses(3, () => redeem(SHOP))).toEqual([200, 200, 429])
  expect((await redeem(NEWS)).status).toBe(200)
})

it('an office of 500 people behind one address comes to work in one minute, and is told of no limit', async () => {
  const world = await createAt(OFFICE)
  const refused: unknown[] = []
  world.hub.on('denied', (event) => refused.push(event))
  const people = Array.from({ length: 500 }, () => world.agent())
  let streams = 0
  for (const person of people) {
    await visit(person)
    await person.visit(`${ENDPOINTS.login.path}?${new URLSearchParams({ return_to: `${SHOP}/` })}`, {
      headers: { referer: `${SHOP}/` },
    })
    await person.signIn(CUSTOMER)
    for (const origin of [SHOP, NEWS]) {
      const partition = await world.link(person, origin)
      if ((await partition.call('events', origin)).status === 200) streams += 1
    }
  }
  expect(streams).toBe(1000)
  expect(refused).toEqual([])
})

it.skipIf(!hasRedis)('two hubs over one Redis count together', async () => {
  await using redis = await startRedis()
  const createHubAt = async () =>
    createAt(OFFICE, { store: await redisStore({ url: redis.url }), clock: Date.now, limits: { visitsPerMinute: 3 } })
  const [one, other] = [await createHubAt(), await createHubAt()]
  const [here, there] = [one.agent(), other.agent()]
  expect(await statuses(2, () => visit(here))).toEqual([200, 200])
  expect(await statuses(2, () => visit(there))).toEqual([200, 429])
  expect((await visit(here)).status).toBe(429)
})
