import { expect, it } from 'vitest'
import { memoryStore } from './memory.ts'
import { createSharedKey } from './shared-key.ts'

it('is one key for all that share the store, whoever asks first', async () => {
  const store = memoryStore()
  const [one, other] = await Promise.all([
    createSharedKey(store, 'hub/a')('text'),
    createSharedKey(store, 'hub/a')('text'),
  ])
  expect(one).toEqual(other)
  expect(await createSharedKey(store, 'hub/b')('text')).not.toEqual(one)
  expect(await createSharedKey(store, 'hub/a')('another')).not.toEqual(one)
})

it('is read anew where the store failed', async () => {
  const store = memoryStore()
  let fails = true
  const shaky = { ...store, get: (key: string) => (fails ? Promise.reject(new Error('away')) : store.get(key)) }
  const sign = createSharedKey(shaky, 'hub/a')
  await expect(sign('text')).rejects.toThrow('away')
  fails = false
  expect(await sign('text')).toEqual(await createSharedKey(store, 'hub/a')('text'))
})
