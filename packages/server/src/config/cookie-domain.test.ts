import type { IsthmusError, Origin } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { cookieDomainFor } from './cookie-domain.ts'
import { parseSites } from './hub-config.ts'
import type { Site, SiteConfig } from './site.ts'

function parseOne(origins: readonly string[], cookieDomains: readonly unknown[]): Site {
  return parseSites([{ id: 'shop', origins, cookieDomains }])[0] as Site
}

function faultOf(sites: readonly (Omit<SiteConfig, 'cookieDomains'> & { cookieDomains?: unknown })[]): string {
  try {
    parseSites(sites)
  } catch (error) {
    expect(error).toMatchObject({ name: 'IsthmusError', code: 'config-invalid' })
    return (error as IsthmusError).message
  }
  throw new Error('The sites were accepted.')
}

const SUFFIX = 'is a public suffix, below which strangers live: write your own domain, such as ".shop.example"'
const BARE = 'write the bare domain, in lower case and with international letters as "xn--": ".shop.example"'
const ADDRESS = 'an address has no domain, and cookies are host-only there: leave it out'

describe('a cookie domain', () => {
  it.each([
    // origin, domain as written, as kept
    ['https://www.shop.example', '.shop.example', 'shop.example'],
    ['https://www.shop.example', 'shop.example', 'shop.example'],
    ['https://shop.example', '.shop.example', 'shop.example'],
    ['https://a.b.shop.example:8443', '.b.shop.example', 'b.shop.example'],
    ['https://www.shop.example', '.www.shop.example', 'www.shop.example'],
    ['https://www.shop.co.uk', '.shop.co.uk', 'shop.co.uk'],
    ['https://ann.github.io', 'ann.github.io', 'ann.github.io'],
    ['https://www.xn--bcher-kva.example', '.xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['http://www.shop.localhost:4000', '.shop.localhost', 'shop.localhost'],
  ])('for %s may be %s', (origin, written, kept) => {
    expect(parseOne([origin], [written]).cookieDomains).toEqual([kept])
  })

  it.each([
    ['.example', `"example" ${SUFFIX}`],
    ['com', `"com" ${SUFFIX}`],
    ['.co.uk', `"co.uk" ${SUFFIX}`],
    ['.github.io', `"github.io" ${SUFFIX}`],
    ['.kobe.jp', `"kobe.jp" ${SUFFIX}`],
    ['.localhost', `"localhost" ${SUFFIX}`],
    ['192.0.2.1', ADDRESS],
    ['.192.0.2.1', ADDRESS],
    ['[2001:db8::1]', ADDRESS],
    ['', BARE],
    ['.', BARE],
    ['..shop.example', BARE],
    ['.shop.example.', BARE],
    ['.Shop.example', BARE],
    ['.bücher.example', BARE],
    ['*.shop.example', BARE],
    ['https://shop.example', BARE],
    ['shop.example:8443', BARE],
    ['shop.example/path', BARE],
    ['user@shop.example', BARE],
    [' shop.example', BARE],
    ['.shop.example; Secure', BARE],
    ['.shop.example\n', BARE],
    ['.shop..example', BARE],
  ])('is never %j', (written, fault) => {
    expect(faultOf([{ id: 'shop', origins: ['https://www.shop.example'], cookieDomains: [written] }])).toBe(
      `createHub: sites[0].cookieDomains[0] is ${JSON.stringify(written)}; ${fault}.`,
    )
  })

  it.each([
    ['.evil.example', 'https://www.shop.example'],
    ['.hop.example', 'https://www.shop.example'],
    ['.www.shop.example', 'https://shop.example'],
    ['.shop.example.evil.example', 'https://shop.example'],
  ])('that is foreign is refused: %s for %s', (written, origin) => {
    const domain = written.slice(1)
    expect(faultOf([{ id: 'shop', origins: [origin], cookieDomains: [written] }])).toBe(
      `createHub: sites[0].cookieDomains[0] is "${domain}", which covers none of the site's origins; write a domain that they lie below, or leave it out.`,
    )
  })

  it('is a text', () => {
    const origins = ['https://www.shop.example']
    expect(faultOf([{ id: 'shop', origins, cookieDomains: [1] }])).toBe(
      'createHub: sites[0].cookieDomains[0] needs a domain: ".shop.example".',
    )
    expect(faultOf([{ id: 'shop', origins, cookieDomains: '.shop.example' }])).toBe(
      'createHub: sites[0].cookieDomains needs a list, not a string.',
    )
  })

  it('never hands one site’s token to the next', () => {
    const shop = { id: 'shop', origins: ['https://shop.example'], cookieDomains: ['.shop.example'] }
    expect(faultOf([shop, { id: 'staff', origins: ['https://staff.shop.example'] }])).toBe(
      'createHub: sites[0].cookieDomains[0] is "shop.example", which also covers the site "staff": that one would receive this site\'s tokens; write a narrower domain, or make the two one site.',
    )
    // One origin that serves two sites has nothing to hide from itself.
    expect(parseSites([shop, { id: 'blog', origins: ['https://shop.example'] }])).toHaveLength(2)
  })
})

describe('the Domain attribute for a page', () => {
  const origins = ['https://shop.example', 'https://www.shop.example', 'https://shop.alias.example']
  const domains = parseOne(origins, ['.www.shop.example', '.shop.example']).cookieDomains
  it.each([
    ['https://www.shop.example', 'www.shop.example'],
    ['https://a.www.shop.example', 'www.shop.example'],
    ['https://shop.example', 'shop.example'],
    ['https://shop.example:8443', 'shop.example'],
    ['https://shop.alias.example', undefined],
    ['https://notshop.example', undefined],
  ])('on %s is %s', (origin, domain) => {
    expect(cookieDomainFor(origin as Origin, domains)).toBe(domain)
  })
})
