import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { othersWait, tabMemory } from './tab-memory.ts'

const HUB = 'https://auth.example'
const VERIFIER = 'v'.repeat(43)
const PAGE = 'https://shop.example/cart?x=1#/route'
const FROM = 'https://search.example/'
const PENDING = `isthmus:pending:${HUB}`
const TRIED = `isthmus:tried:${HUB}`

/** What a tab keeps from one page to the next. */
let kept: Record<string, string>
/** What the console said. */
let said: string[]

beforeEach(() => {
  said = []
  vi.spyOn(console, 'warn').mockImplementation((line) => void said.push(line))
  kept = Object.create({
    getItem: (key: string) => kept[key] ?? null,
    setItem(key: string, value: string) {
      kept[key] = value
    },
    removeItem(key: string) {
      delete kept[key]
    },
  })
  vi.stubGlobal('sessionStorage', kept)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

it('keeps what the way back needs until it is told to forget that very visit', () => {
  const memory = tabMemory(HUB, undefined)
  expect(memory.keep({ verifier: VERIFIER, href: PAGE, referrer: FROM })).toBe(true)
  expect(tabMemory(HUB, undefined).kept()).toEqual({ verifier: VERIFIER, href: PAGE, referrer: FROM })
  memory.forget('w'.repeat(43))
  expect(memory.kept().verifier).toBe(VERIFIER)
  memory.forget(VERIFIER)
  expect(memory.kept()).toEqual({})
})

it('knows the addresses that the tab was led away from, the last ones', () => {
  const memory = tabMemory(HUB, undefined)
  expect(memory.wasLedFrom('https://shop.example/')).toBe(false)
  for (let index = 0; index < 25; index++) memory.noteLedFrom(`https://shop.example/${index}`)
  expect([4, 5, 24].map((index) => memory.wasLedFrom(`https://shop.example/${index}`))).toEqual([false, true, true])
  expect(tabMemory(HUB, 'shop').wasLedFrom('https://shop.example/24')).toBe(false)
  kept[`isthmus:led:${HUB}`] = '{"length":1}'
  expect(memory.wasLedFrom('https://shop.example/24')).toBe(false)
})

it('keeps two sites on one origin apart, and knows that the other one waits', () => {
  const [shop, outlet] = [tabMemory(HUB, 'shop'), tabMemory(HUB, 'outlet')]
  shop.keep({ verifier: VERIFIER, href: PAGE, referrer: FROM })
  outlet.setMark('left')
  expect(outlet.kept()).toEqual({})
  expect(shop.mark()).toBeUndefined()
  expect(othersWait(outlet)).toBe(true)
  expect(othersWait(shop)).toBe(false)
})

describe('what lies where we keep something, and is not ours', () => {
  it.each([
    '{',
    '',
    'null',
    '7',
    '[]',
    '{"verifier":5,"href":[]}',
    JSON.stringify({ verifier: [VERIFIER], href: PAGE }),
    JSON.stringify({ verifier: 'v'.repeat(44), href: PAGE }),
    JSON.stringify({ verifier: VERIFIER }),
    `{"__proto__":{"verifier":"${VERIFIER}","href":"${PAGE}"}}`,
  ])('is no verifier, goes, and is reported: %j', (value) => {
    kept[PENDING] = value
    expect(tabMemory(HUB, undefined).kept()).toEqual({})
    expect(Object.keys(kept)).toEqual([])
    expect(said).toEqual([expect.stringContaining(PENDING)])
  })

  it.each(['', 'null', '1', 'LEFT', '{"tried":true}'])('is no mark, goes, and is reported once: %j', (value) => {
    kept[TRIED] = value
    const memory = tabMemory(HUB, undefined)
    expect([memory.mark(), memory.mark()]).toEqual([undefined, undefined])
    expect(Object.keys(kept)).toEqual([])
    expect(said).toEqual([expect.stringContaining(TRIED)])
  })
})

it('a tab that may keep nothing says so, and throws nothing', () => {
  Object.defineProperty(globalThis, 'sessionStorage', {
    configurable: true,
    get() {
      throw new DOMException('denied', 'SecurityError')
    },
  })
  const memory = tabMemory(HUB, undefined)
  expect(memory.works()).toBe(false)
  expect(memory.keep({ verifier: VERIFIER, href: PAGE, referrer: FROM })).toBe(false)
  expect(memory.kept()).toEqual({})
  expect(memory.mark()).toBeUndefined()
  expect(othersWait(memory)).toBe(false)
})
