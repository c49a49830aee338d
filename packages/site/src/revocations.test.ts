import { expect, test } from 'vitest'
import { memoryRevocations } from './revocations.ts'

test('remembers until it may forget', () => {
  let now = 0
  const revocations = memoryRevocations({ clock: () => now })
  revocations.put('sid/a', 5, 100)
  expect(revocations.get('sid/a')).toBe(5)
  expect(revocations.get('sid/b')).toBeUndefined()
  now = 99
  expect(revocations.get('sid/a')).toBe(5)
  now = 100
  expect(revocations.get('sid/a')).toBeUndefined()
})

test('never holds more than its limit: a flood of logouts does not fill the memory', () => {
  const revocations = memoryRevocations({ limit: 3, clock: () => 0 })
  for (const key of ['a', 'b', 'c', 'd']) revocations.put(key, 1, 2)
  expect(['a', 'b', 'c', 'd'].map((key) => revocations.get(key))).toEqual([undefined, 1, 1, 1])
})

test('adds what is not there, and what may be forgotten; deletes', () => {
  let now = 0
  const revocations = memoryRevocations({ clock: () => now })
  expect([revocations.add('jti/a', 5, 100), revocations.add('jti/a', 6, 100)]).toEqual([true, false])
  expect(revocations.get('jti/a')).toBe(5)
  now = 100
  expect(revocations.add('jti/a', 7, 200)).toBe(true)
  revocations.delete('jti/a')
  expect(revocations.get('jti/a')).toBeUndefined()
})
