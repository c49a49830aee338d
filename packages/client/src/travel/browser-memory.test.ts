import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { browserMemory } from './browser-memory.ts'

let kept: Map<string, string>

beforeEach(() => {
  kept = new Map()
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000 })
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('lets a click pass the hub once an hour, for each site of its own', () => {
  const [shop, news] = [browserMemory('shop'), browserMemory('news')]
  expect(shop.mayRide()).toBe(true)
  shop.noteRide()
  expect([shop.mayRide(), news.mayRide()]).toEqual([false, true])
  vi.setSystemTime(1_000_000_000 + 60 * 60 * 1000 - 1)
  expect(shop.mayRide()).toBe(false)
  vi.setSystemTime(1_000_000_000 + 60 * 60 * 1000)
  expect(shop.mayRide()).toBe(true)
})

it('takes what is not ours for nothing', () => {
  kept.set('isthmus:ride:shop', 'yesterday')
  expect(browserMemory('shop').mayRide()).toBe(true)
})

it('remembers that a user was signed in', () => {
  expect(browserMemory('shop').wasLinked()).toBe(false)
  browserMemory('shop').noteLinked()
  expect([browserMemory('shop').wasLinked(), browserMemory('news').wasLinked()]).toEqual([true, false])
})

it('where nothing can be kept no click passes the hub, and nothing is thrown', () => {
  vi.stubGlobal('localStorage', undefined)
  const memory = browserMemory('shop')
  expect([memory.mayRide(), memory.wasLinked()]).toEqual([false, false])
  expect(memory.noteRide).not.toThrow()
  expect(memory.noteLinked).not.toThrow()
})
