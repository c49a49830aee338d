import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cookieMirror } from './cookie-mirror.ts'

const HUB = 'https://auth.example.com'

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

describe('the lifetime of the cookie', () => {
  const NOW = 1_893_456_000

  /** What the page wrote, and the one cookie that its browser kept of it. */
  let written: string[]
  beforeEach(() => {
    written = []
    vi.stubGlobal('location', { protocol: 'https:', hostname: 'shop.example', pathname: '/cart' })
    vi.stubGlobal('document', {
      get cookie() {
        return written.filter((text) => !text.includes('expires=')).map((text) => text.split(';', 1)[0])[0] ?? ''
      },
      set cookie(text: string) {
        written.push(text)
      },
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const claims = { iss: HUB, aud: 'shop', sub: 'ann', sid: 's', iat: NOW, exp: NOW + 300, groups: [] }
  const TOKEN = `${encode({ alg: 'ES256' })}.${encode(claims)}.AA`

  // Regression: the cookie had a date, and a browser whose clock is six minutes ahead threw it away as it was set.
  it('lives as long as its token, and not until a date: the clock of the browser may be ahead', () => {
    vi.useFakeTimers({ now: (NOW + 360) * 1000 })
    const mirror = cookieMirror().open(HUB as never, 'shop')
    mirror.keep(TOKEN, undefined)
    const kept = written.filter((text) => text.startsWith(`isthmus_token=${TOKEN};`))
    expect(kept).toEqual([`isthmus_token=${TOKEN}; path=/; sameSite=lax; secure; max-age=300`])
    // Nothing is shown of it, because it may have run out; it is left for the back end, whose clock may be right.
    written = kept
    expect(mirror.read()).toBeUndefined()
    expect(written).toEqual(kept)
  })
})

describe('the cookie of an origin', () => {
  const EXP = 2_000_000_000

  /** A token for a site. */
  function tokenFor(aud: string): string {
    const payload = { iss: HUB, aud, sub: 'customer', sid: 's1', iat: EXP - 300, exp: EXP }
    return `e30.${encode(payload)}.AA`
  }

  /** The browser's cookies: those of one name live beside each other on different domains and paths. */
  let jar: Map<string, string>
  beforeEach(() => {
    jar = new Map()
    vi.stubGlobal('location', { protocol: 'https:', hostname: 'shop.example', pathname: '/cart' })
    vi.stubGlobal('document', {
      get cookie() {
        return [...jar.values()].join('; ')
      },
      set cookie(text: string) {
        const place = /domain=[^;]*/.exec(text)?.[0] + String(/path=[^;]*/.exec(text)?.[0])
        if (text.includes('expires=')) jar.delete(place)
        else jar.set(place, text.split(';', 1)[0] as string)
      },
    })
    vi.spyOn(console, 'warn').mockReturnValue()
  })

  it('keeps a token for the next page, and clears it', () => {
    const mirror = cookieMirror().open(HUB as never, 'shop')
    mirror.keep(tokenFor('shop'), undefined)
    expect(document.cookie).toBe(`isthmus_token=${tokenFor('shop')}`)
    expect(
      cookieMirror()
        .open(HUB as never, 'shop')
        .read(),
    ).toMatchObject({
      status: 'signed-in',
      sid: 's1',
      stale: true,
    })
    mirror.clear()
    expect(document.cookie).toBe('')
  })
})
