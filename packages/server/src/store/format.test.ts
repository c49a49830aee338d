import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CUSTOMER, createWorld, SHOP } from '../hub.test-world.ts'
import { checkFormat, FORMAT } from './format.ts'
import { lmdbStore } from './lmdb.ts'
import { memoryStore } from './memory.ts'
import { redisStore } from './redis.ts'
import { hasRedis, startRedis } from './redis-server.test-world.ts'
import type { Store } from './store.ts'

const stores: [string, () => Store | Promise<Store>][] = [
  ['memory', () => memoryStore()],
  [
    'LMDB',
    async () => {
      const path = await mkdtemp(join(tmpdir(), 'isthmus-format-'))
      onTestFinished(() => rm(path, { recursive: true }))
      return lmdbStore({ path })
    },
  ],
]
if (hasRedis) {
  stores.push([
    'Redis',
    async () => {
      const redis = await startRedis()
      onTestFinished(() => redis[Symbol.asyncDispose]())
      return redisStore({ url: redis.url })
    },
  ])
}

describe.each(stores)('%s', (_, open) => {
  it('of an older format is brought to the present one, and its sessions go on', async () => {
    const store = await open()
    const before = await createWorld({ store: { ...store, close: async () => {} }, clock: Date.now })
    const browser = before.agent()
    await browser.signIn(CUSTOMER)
    await before.hub.close()
    // As version 0.1.0 left it.
    const [key = ''] = await store.keys('session/')
    const { seenAt, device, sites, ...old } = JSON.parse((await store.get(key))?.value ?? '')
    expect([seenAt, device, sites]).not.toContain(undefined)
    await store.write([{ put: key, value: JSON.stringify(old), expiresAt: old.expiresAt }, { delete: 'hub/format' }])

    await using world = await createWorld({ store, clock: Date.now })
    expect((await store.get('hub/format'))?.value).toBe(String(FORMAT))
    expect(JSON.parse((await store.get(key))?.value ?? '')).toMatchObject({ seenAt: 0, device: {}, sites: {} })
    const again = world.agent(Object.fromEntries(browser.cookies))
    expect((await again.ask('session', SHOP)).state).toMatchObject({ status: 'signed-in' })
  })

  it('of a later format is refused with one sentence, and left as it is', async () => {
    const store = await open()
    onTestFinished(() => store.close())
    const steps = [
      { put: 'hub/format', value: String(FORMAT + 1), expiresAt: Number.MAX_SAFE_INTEGER },
      { put: 'session/later', value: '"of a shape that is not known"', expiresAt: Date.now() + 60_000 },
    ]
    await store.write(steps)
    await expect(createWorld({ store })).rejects.toMatchObject({
      code: 'config-invalid',
      message: `createHub: store: its data has format ${FORMAT + 1}, of a later version; this one reads ${FORMAT} at most. Start that version again, or name another store.`,
    })
    for (const { put, value } of steps) expect((await store.get(put))?.value).toBe(value)
  })

  it('is marked once by servers that start together', async () => {
    const store = await open()
    onTestFinished(() => store.close())
    await Promise.all([checkFormat(store), checkFormat(store), checkFormat(store)])
    expect((await store.get('hub/format'))?.value).toBe(String(FORMAT))
  })
})
