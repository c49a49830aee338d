import { type Origin, parseOrigin } from '@isthmus/protocol'
import { Window } from 'happy-dom'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { cookieMirror } from './cookie-mirror.ts'

const HUB = parseOrigin('https://auth.example') as Origin
const EXP = 2_000_000_000

/** A token for a site. */
function tokenFor(aud: string): string {
  const claims = { iss: HUB, aud, sub: 'customer', sid: 's1', iat: 1, exp: EXP }
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AA`
}

let page: Window

beforeEach(() => {
  page = new Window({ url: 'https://www.shop.example/' })
  vi.stubGlobal('document', page.document)
  vi.stubGlobal('location', page.location)
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  await page.happyDOM.close()
})

it('keeps a token for the next page, and clears it', () => {
  const mirror = cookieMirror().open(HUB, 'shop')
  mirror.keep(tokenFor('shop'), undefined)
  expect(page.document.cookie).toBe(`isthmus_token=${tokenFor('shop')}`)
  expect(cookieMirror().open(HUB, 'shop').read()).toMatchObject({ status: 'signed-in', sid: 's1', stale: true })
  mirror.clear()
  expect(page.document.cookie).toBe('')
})
