import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CUSTOMER, createWorld, SHOP } from '../hub.test-world.ts'
import { startTimer } from '../timer.ts'
import { describeStore } from './describe-store.test-world.ts'
import { redisStore } from './redis.ts'
import { type RedisCluster, startCluster } from './redis-cluster.test-world.ts'
import { hasRedis } from './redis-server.test-world.ts'

const NAME = 'isthmus'

describe.skipIf(!hasRedis)('on a real cluster', () => {
  let cluster: RedisCluster

  beforeAll(async () => {
    cluster = await startCluster(`{${NAME}}names`)
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  // Names fall into slots of all three masters.
  describeStore('Redis Cluster', async (clock) => ({
    store: await redisStore({ cluster: cluster.urls, name: randomUUID(), clock }),
    cleanUp: async () => {},
  }))

  it('two hubs outlive their master: nobody is signed out, and a sign-out reaches the stream at the other', async () => {
    const open = async () =>
      createWorld({
        store: await redisStore({ cluster: cluster.urls, name: NAME }),
        clock: Date.now,
        timer: startTimer,
      })
    await using world = await open()
    await using other = await open()
    for (const { hub } of [world, other]) hub.on('error', () => undefined)
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const stream = (await other.agent(Object.fromEntries(browser.cookies)).call('events', SHOP)).text()

    await (await cluster.masterOf(`{${NAME}}names`)).kill()
    const until200 = (name: 'session' | 'signOut') =>
      vi.waitFor(async () => expect((await browser.call(name, SHOP)).status).toBe(200), { timeout: 25_000 })
    await until200('session')
    expect((await browser.ask('session', SHOP)).state).toMatchObject({ status: 'signed-in' })
    await until200('signOut')
    expect(await stream).toContain('"status":"signed-out","reason":"logout"')
  })
})
