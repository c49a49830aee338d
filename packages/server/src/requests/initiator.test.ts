import type { Origin } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { HUB, NEWS, SHOP, SHOP_WWW } from '../hub.test-world.ts'
import { type Initiator, initiatorOf, isUnwatched } from './initiator.ts'

const known = { hub: HUB as Origin, own: [SHOP, SHOP_WWW] as Origin[] }
const navigation = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }
const shop = { referer: `${SHOP}/` }

describe('the initiator of a request', () => {
  it.each<[Initiator, string, Record<string, string>]>([
    ['own-site', 'a page of the site', { ...navigation, ...shop }],
    ['own-site', 'the site, at another of its origins', { ...navigation, referer: `${SHOP_WWW}/` }],
    ['own-site', 'the site, by its whole address', { ...navigation, referer: `${SHOP}/a?b=\\c` }],
    ['own-site', 'the site, in a browser without Sec-Fetch headers', shop],
    ['stranger', 'a page of another site', { ...navigation, referer: `${NEWS}/` }],
    ['hub', 'the hub itself', { ...navigation, referer: `${HUB}/` }],
    ['stranger', 'a foreign page', { ...navigation, referer: 'https://evil.example/' }],
    ['stranger', 'a page that looks like the site', { ...navigation, referer: `${SHOP}.evil.example/` }],
    ['stranger', 'a page with the site before the @', { ...navigation, referer: 'https://shop.example@evil.example/' }],
    ['stranger', 'a page below the site', { ...navigation, referer: 'https://a.shop.example/' }],
    ['stranger', 'the site over http', { ...navigation, referer: 'http://shop.example/' }],
    ['stranger', 'no page at all', { ...navigation, referer: 'about:blank' }],
    ['none', 'nobody', navigation],
    ['none', 'an empty Referer', { ...navigation, referer: '' }],
    ['none', 'no header', {}],
    ['frame', 'a frame of the site', { ...navigation, ...shop, 'sec-fetch-dest': 'iframe' }],
    ['frame', 'an object of the site', { ...navigation, ...shop, 'sec-fetch-dest': 'object' }],
    ['frame', 'a fenced frame', { ...navigation, ...shop, 'sec-fetch-dest': 'fencedframe' }],
    ['resource', 'an image of the site', { ...shop, 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
    ['resource', 'a fetch of the site', { ...shop, 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }],
    ['resource', 'a document that is no navigation', { ...shop, ...navigation, 'sec-fetch-mode': 'no-cors' }],
    ['prefetch', 'a prefetch of the site', { ...navigation, ...shop, 'sec-purpose': 'prefetch' }],
    ['prefetch', 'a prerendering', { ...navigation, ...shop, 'sec-purpose': 'prefetch;prerender' }],
    ['prefetch', 'a prefetch of an older browser', { ...shop, purpose: 'prefetch' }],
    ['prefetch', 'a preview of the start page', { ...shop, 'x-purpose': 'preview' }],
  ])('is %s: %s', (initiator, _, headers) => {
    expect(initiatorOf(new Headers(headers), known)).toBe(initiator)
  })

  it('is the hub, even where a site is registered at the hub’s own origin', () => {
    const headers = new Headers({ ...navigation, referer: `${HUB}/` })
    expect(initiatorOf(headers, { ...known, own: [HUB as Origin] })).toBe('hub')
  })
})

describe('a navigation that no other page can watch', () => {
  const from = (site: string, more: Record<string, string> = {}): Record<string, string> => ({
    ...navigation,
    'sec-fetch-site': site,
    ...more,
  })
  it.each<[boolean, string, Record<string, string>, string?]>([
    [true, 'an address that its user typed', from('none')],
    [true, 'a link on a page of the hub', from('same-origin')],
    [false, 'a link on a foreign page', from('cross-site')],
    [false, 'a link on a foreign page that claims to have been here', from('cross-site'), '?again=1'],
    [false, 'a link on a neighbour', from('same-site', { referer: `${HUB}/` })],
    [false, 'a frame in a page of the hub', from('same-origin', { 'sec-fetch-dest': 'iframe' })],
    [true, 'a page of the hub, in an older browser', { referer: `${HUB}/` }],
    [false, 'a foreign page, in an older browser', { referer: 'https://evil.example/' }],
    [false, 'nobody knows which, in an older browser', {}],
    [true, 'the page in between, in an older browser that hides the Referer', {}, '?again=1'],
  ])('%s: %s', (isOne, _, headers, query = '') => {
    const request = new Request(`${HUB}/isthmus/account${query}`)
    expect(isUnwatched({ headers: new Headers(headers), url: request.url } as Request, HUB as Origin)).toBe(isOne)
  })
})
