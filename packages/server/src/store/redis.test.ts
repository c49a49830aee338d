import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { CUSTOMER, createWorld, NEWS, SHOP, type World } from '../hub.test-world.ts'
import { startTimer } from '../timer.ts'
import { describeStore } from './describe-store.test-world.ts'
import { redisStore } from './redis.ts'
import { hasRedis, type RedisServer, startRedis } from './redis-server.test-world.ts'

describe.skipIf(!hasRedis)('on a real server', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  // A name of its own for each test: what one leaves behind, no other finds.
  describeStore('Redis', async (clock) => ({
    store: await redisStore({ url: redis.url, name: randomUUID(), clock }),
    cleanUp: async () => {},
  }))
})

/** Hubs that share one Redis, each with a connection of its own. */
async function createHubs(url: string, count: number): Promise<World[]> {
  const name = randomUUID()
  const worlds = await Promise.all(
    Array.from({ length: count }, async () =>
      createWorld({ store: await redisStore({ url, name }), clock: Date.now, timer: startTimer }),
    ),
  )
  onTestFinished(async () => void (await Promise.all(worlds.map(({ hub }) => hub.close()))))
  return worlds
}

/** What the same browser is at another server. */
const movedTo = ({ agent }: World, { cookies }: { cookies: Map<string, string> }) => agent(Object.fromEntries(cookies))

async function* eventsOf(response: Response): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader()
  onTestFinished(() => reader.cancel().catch(() => undefined))
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) if (block.startsWith('event:')) yield block
  }
}

describe.skipIf(!hasRedis)('two hubs over one Redis', () => {
  it('are one: what happens at the one reaches the streams at the other, and revisions never go back', async () => {
    await using redis = await startRedis()
    const [first, second] = (await createHubs(redis.url, 2)) as [World, World]
    const browser = first.agent()
    await browser.signIn(CUSTOMER)
    const there = movedTo(second, browser)
    const events = eventsOf(await there.call('events', SHOP))
    expect((await events.next()).value).toContain('"status":"signed-in"')
    const seen: number[] = []
    for (let round = 0; round < 20; round++) {
      const [hub, groups] = [round % 2 ? first.hub : second.hub, [`g${round}`]]
      const [session] = await hub.sessions.list('customer')
      await hub.sessions.update(session?.sid ?? '', { groups, claims: { name: `name ${round}` } })
      for (const agent of [browser, there]) seen.push((await agent.ask('session', SHOP)).state.revision)
    }
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    await browser.ask('signOut', NEWS)
    let last = ''
    for await (const event of events) last = event
    expect(last).toContain('"reason":"logout"')
    expect((await there.ask('session', SHOP)).state).toMatchObject({ status: 'signed-out', reason: 'logout' })
  })

  it('burn a ticket once', async () => {
    await using redis = await startRedis()
    const [first, second] = (await createHubs(redis.url, 2)) as [World, World]
    const browser = first.agent()
    await browser.signIn(CUSTOMER)
    const body = JSON.stringify(await first.ticket(browser, `${SHOP}/`))
    const statuses = await Promise.all(
      [first, second, first, second].map(async ({ agent }) => (await agent().call('redeem', SHOP, { body })).status),
    )
    expect(statuses.toSorted()).toEqual([200, 410, 410, 410])
  })
})

describe.skipIf(!hasRedis)('Redis gone', () => {
  it('is 503, and no sign-out is confirmed; back, everything goes on by itself, streams too', async () => {
    await using redis = await startRedis()
    const [world, other] = (await createHubs(redis.url, 2)) as [World, World]
    for (const { hub } of [world, other]) hub.on('error', () => undefined)
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const events = eventsOf(await movedTo(other, browser).call('events', SHOP))
    await events.next()

    await redis.kill()
    for (const name of ['session', 'signOut'] as const) {
      const response = await browser.call(name, SHOP)
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await response.json()).toMatchObject({ error: 'unreachable' })
    }

    await redis.start()
    await vi.waitFor(async () => expect((await browser.call('session', SHOP)).status).toBe(200), { timeout: 20_000 })
    expect((await browser.ask('session', SHOP)).state).toMatchObject({ status: 'signed-in' })
    await vi.waitFor(async () => expect((await browser.call('signOut', SHOP)).status).toBe(200), { timeout: 20_000 })
    // The other hub may not have been connected when it was announced: it looks again when it is.
    let last = ''
    for await (const event of events) last = event
    expect(last).toContain('"status":"signed-out"')
  })
})

describe.skipIf(!hasRedis)('a Redis that cannot be used stops the start with a sentence', () => {
  it.each<[string, string[], RegExp]>([
    ['needs a password', ['--requirepass', 'hunter2'], /needs a password\. Write it into the URL/],
    ['evicts', ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'], /drops entries .*allkeys-lru.*noeviction/],
    ['is out of memory', ['--maxmemory', '1'], /is out of memory\. Raise its maxmemory/],
    ['is read-only', ['--replicaof', '127.0.0.1 1'], /is a read-only replica\. Name the primary/],
  ])('%s', async (_, options, sentence) => {
    await using redis = await startRedis(...options)
    await expect(redisStore({ url: redis.url })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(sentence),
    })
  })

  it('wrong password, and nobody there', async () => {
    await using redis = await startRedis('--requirepass', 'right')
    await expect(redisStore({ url: `redis://:wrong@127.0.0.1:${redis.port}` })).rejects.toThrow(
      `redisStore: 127.0.0.1:${redis.port} does not take this user or password.`,
    )
    await redis.kill()
    await expect(redisStore({ url: redis.url })).rejects.toThrow(/cannot be used \(.*ECONNREFUSED/)
  })
})

it.each([
  ['before 6', '-ERR unknown command `HELLO`, with args beginning with: `3`\r\n'],
  ['6.0.16', '%1\r\n$5\r\nproto\r\n:3\r\n'],
])('a Redis that is too old stops the start with a sentence: %s', async (version, hello) => {
  const info = `redis_version:${version}\r\nrole:master\r\nmaxmemory:0\r\n`
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      for (const [, name] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(name === 'HELLO' ? hello : name === 'INFO' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n')
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await expect(redisStore({ url: `redis://127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'config-invalid',
    message: `redisStore: 127.0.0.1:${port} is version ${version}. A hub needs 6.2 or later, or Valkey.`,
  })
})

it.skipIf(!hasRedis)('a key of which Redis itself is the last to forget has a time to live', async () => {
  await using redis = await startRedis()
  const store = await redisStore({ url: redis.url, name: 'hub' })
  await store.write([{ put: 'a', value: '1', expiresAt: Date.now() + 60_000 }])
  const client = await createClient({ url: redis.url }).connect()
  const ttl = await client.pTTL('{hub}/a')
  client.destroy()
  await store.close()
  expect(ttl).toBeGreaterThan(60_000)
  expect(ttl).toBeLessThanOrEqual(60_000 + 3_600_000)
})
