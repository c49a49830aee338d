import { expect, test } from 'vitest'
import { pauseBefore } from './backoff.ts'
import { RETRY_MAX_MS, RETRY_MIN_MS } from './constants.ts'

test('the longest pause doubles with every failure, up to a limit', () => {
  const longest = (failures: number): number => pauseBefore(failures, () => 1)
  expect([1, 2, 3, 4].map(longest)).toEqual([500, 1000, 2000, 4000])
  expect(longest(1)).toBe(RETRY_MIN_MS)
  expect(longest(7)).toBe(RETRY_MAX_MS)
  expect(longest(10_000)).toBe(RETRY_MAX_MS)
})

test('the pause is drawn from the whole range, so that no herd forms', () => {
  expect(pauseBefore(3, () => 0)).toBe(0)
  expect(pauseBefore(3, () => 0.25)).toBe(500)
  const drawn = Array.from({ length: 100 }, () => pauseBefore(20))
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...drawn)).toBeLessThan(RETRY_MAX_MS)
  expect(new Set(drawn).size).toBeGreaterThan(90)
})
