import { expect, it } from 'vitest'
import { openOnce } from './open-once.ts'

it('opens at the first use, once', async () => {
  let times = 0
  const use = openOnce(async () => ++times)
  expect(await Promise.all([use(), use()])).toEqual([1, 1])
  expect(await use()).toBe(1)
})

// Regression: a database that failed to open once was remembered as failed for the page's life.
it('tries again what could not be opened', async () => {
  let times = 0
  const use = openOnce(async () => {
    if (++times === 1) throw new DOMException('Full.', 'QuotaExceededError')
    return times
  })
  await expect(use()).rejects.toThrow('Full.')
  expect(await use()).toBe(2)
})

it('forgets what is open', async () => {
  let times = 0
  const use = openOnce(async () => ++times)
  await use()
  expect(await use.forget()).toBe(1)
  expect(await use()).toBe(2)
})
