import { type Origin, RETURN_TO_LIMIT } from '@isthmus/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Bouncer, createBouncer } from './bounce.ts'

const HUB = 'https://auth.example' as string as Origin
const PAGE = 'https://shop.example/cart?x=1#/route'
const TICKET = 't'.repeat(43)

/** What a tab keeps from one page to the next. */
let kept: Map<string, string>
/** Where the page was led. */
let went: URL[]
/** What the console said. */
let said: string[]

/** A page is opened in the tab, and with it a client. */
function load(href: string): Bouncer {
  const url = new URL(href)
  const go = (to: string): void => {
    if (to.startsWith('#')) url.hash = to
    else went.push(new URL(to))
  }
  vi.stubGlobal('location', {
    get href() {
      return url.href
    },
    get hash() {
      return url.hash
    },
    replace: go,
    assign: go,
  })
  vi.stubGlobal('document', { head: { append: () => undefined }, createElement: () => ({}) })
  vi.stubGlobal('history', {
    state: null,
    replaceState(_: unknown, __: string, to: string) {
      url.href = to
    },
  })
  return createBouncer(HUB, undefined)
}

/** The tab comes back from the hub with a ticket. */
function comeBack(): Bouncer {
  return load(`${went.at(-1)?.searchParams.get('return_to')}#isthmus=${TICKET}`)
}

beforeEach(() => {
  kept = new Map()
  went = []
  said = []
  vi.spyOn(console, 'warn').mockImplementation((line) => void said.push(line))
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a bounce that nobody asked for', () => {
  it('happens once in a tab that finds no carrier', async () => {
    expect(await load(PAGE).link(false, false)).toBe(true)
    expect(await comeBack().link(false, false)).toBe(false)
    expect(await load(PAGE).link(false, false)).toBe(false)
    expect(await load(PAGE).link(false, true)).toBe(false)
    expect(went).toHaveLength(1)
  })

  it('happens again where a carrier worked on a page that nobody was led to', async () => {
    await load(PAGE).link(false, false)
    comeBack().settle()
    const next = load(PAGE)
    next.settle()
    expect(await next.link(false, false)).toBe(true)
  })

  it('does not happen on each page where a carrier works on the page that came back, and never outlives it', async () => {
    await load(PAGE).link(false, false)
    for (let times = 0; times < 3; times++) {
      comeBack().settle()
      expect(await load(PAGE).link(false, false)).toBe(false)
    }
    expect(went).toHaveLength(1)
  })

  it('does not happen again and again where the hub forgets each carrier as soon as it works', async () => {
    await load(PAGE).link(false, false)
    const back = comeBack()
    back.settle()
    expect(await back.link(false, false)).toBe(false)
  })

  it('happens again where that carrier works on, and the browser has another session by now', async () => {
    await load(PAGE).link(false, false)
    const back = comeBack()
    back.settle()
    expect(await back.link(false, true)).toBe(true)
    expect(await load(PAGE).link(false, true)).toBe(false)
  })

  it('leaves no address that the hub would not take back', async () => {
    const long = `https://shop.example/${'x'.repeat(RETURN_TO_LIMIT)}`
    expect(await load(long).link(false, false)).toBe(false)
    expect(await load(long.slice(0, RETURN_TO_LIMIT)).link(false, false)).toBe(true)
  })
})

describe('what the tab comes back with', () => {
  it('is redeemed at whichever address the site has led it to, with the own fragment back', async () => {
    await load(PAGE).signIn(PAGE)
    const { arrival } = load(`https://shop.example/cart?x=1&again#isthmus=${TICKET}`)
    expect(arrival).toEqual({ ticket: TICKET, verifier: expect.stringMatching(/^[\w-]{43}$/) })
    expect(location.href).toBe('https://shop.example/cart?x=1&again#/route')
  })

  it('is known to a page that is loaded anew before the ticket is redeemed, and not afterwards', async () => {
    await load(PAGE).signIn(PAGE)
    const { arrival } = comeBack()
    const again = comeBack()
    expect(again.arrival).toEqual(arrival)
    again.redeemed()
    expect(comeBack().arrival).toBeUndefined()
  })

  it('leaves alone what a click on "sign in" keeps meanwhile', async () => {
    await load(PAGE).signIn(PAGE)
    const back = comeBack()
    await back.signIn(PAGE)
    back.redeemed()
    expect(comeBack().arrival).toBeDefined()
  })

  it('is known as a hash router writes it', async () => {
    await load(PAGE).signIn('https://shop.example/cart')
    expect(load(`https://shop.example/cart#/isthmus=${TICKET}`).arrival).toBeDefined()
    expect(location.href).toBe('https://shop.example/cart')
  })

  it('is thrown away where nobody asked for it', () => {
    expect(load(`https://shop.example/cart#isthmus=${TICKET}`).arrival).toBeUndefined()
    expect(location.href).toBe('https://shop.example/cart')
  })
})

describe('what lies where we keep something, and is not ours', () => {
  const PENDING = `isthmus:pending:${HUB}`
  const TRIED = `isthmus:tried:${HUB}`
  it.each([
    '{',
    '',
    'null',
    '7',
    '[]',
    '{"verifier":5,"href":[]}',
    JSON.stringify({ verifier: ['v'.repeat(43)], href: PAGE }),
    JSON.stringify({ verifier: 'v'.repeat(44), href: PAGE }),
    JSON.stringify({ verifier: 'v'.repeat(43) }),
    `{"__proto__":{"verifier":"${'v'.repeat(43)}","href":"${PAGE}"}}`,
  ])('is no verifier, goes, and is reported: %j', (value) => {
    kept.set(PENDING, value)
    const { arrival, redeemed } = load(`https://shop.example/cart#isthmus=${TICKET}`)
    redeemed()
    expect(arrival).toBeUndefined()
    expect(location.href).toBe('https://shop.example/cart')
    expect(kept.has(PENDING)).toBe(false)
    expect(said).toEqual([expect.stringContaining(PENDING), expect.stringContaining('URL fragment')])
  })

  it.each(['', 'null', '1', 'LEFT', '{"tried":true}'])('is no mark, goes, and is reported: %j', async (value) => {
    kept.set(TRIED, value)
    expect(await load(PAGE).link(false, false)).toBe(true)
    expect(said).toEqual([expect.stringContaining(TRIED)])
    expect(await load(PAGE).link(false, false)).toBe(false)
    expect(said).toHaveLength(1)
  })
})

describe('a tab that may keep nothing', () => {
  beforeEach(() => {
    Object.defineProperty(globalThis, 'sessionStorage', {
      configurable: true,
      get() {
        throw new DOMException('denied', 'SecurityError')
      },
    })
  })

  it('is never led away by itself, by a transfer neither', async () => {
    expect(await load(PAGE).link(false, false)).toBe(false)
    expect(await load(PAGE).link(true, true)).toBe(false)
    expect(went).toEqual([])
  })

  it('goes to the login page with all of its address, and asks for no ticket', async () => {
    await load(PAGE).signIn(PAGE)
    expect(Object.fromEntries(went[0]?.searchParams ?? [])).toEqual({ return_to: PAGE })
  })
})
