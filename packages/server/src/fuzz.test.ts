import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { ENDPOINTS, ERRORS, IsthmusError, originOf, parseOrigin } from '@isthmus/protocol'
import { parseSetCookie } from 'cookie'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FUZZ_TIMEOUT_MS, fuzz, hostileText, mutationsOf, readCorpus } from '../../protocol/src/fuzz.test-kit.ts'
import { parseSettings, parseSites } from './config/hub-config.ts'
import { CUSTOMER, createWorld, HUB, SHOP, SITES } from './hub.test-world.ts'
import { clientAddressOf, countedAs, readNetworks } from './requests/client-address.ts'
import { pairsOf, readSecrets } from './requests/read-cookies.ts'
import { malformedCookies } from './responses/set-cookies.ts'
import { createSecret } from './session/secrets.ts'
import { memoryStore } from './store/memory.ts'
import { returnAddressOf } from './visits/return-address.ts'

const corpus = readCorpus(new URL('fuzz.test-corpus.json', import.meta.url))

const addresses = fc.oneof(
  hostileText,
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  mutationsOf([
    'https://shop.example',
    'https://shop.example/cart?id=7#top',
    'http://localhost:8080/',
    'https://[::1]:8443/a',
  ]),
)

it('an origin is what browsers report, letter by letter, or none', { timeout: FUZZ_TIMEOUT_MS }, () =>
  fuzz(addresses, corpus.addresses, (text) => {
    const exact = parseOrigin(text)
    if (exact !== undefined) {
      expect(exact).toBe(text)
      expect(new URL(exact).origin).toBe(exact)
      // It is written into policies and headers.
      expect(exact).toMatch(/^https?:\/\/[\w:.[\]-]+$/)
    }
    const origin = originOf(text)
    if (origin !== undefined) {
      expect(new URL(text).origin).toBe(origin)
      expect(new URL(text, 'https://evil.example/').origin).toBe(origin)
    }
  }),
)

it('a way back leads where it says, in every reading', { timeout: FUZZ_TIMEOUT_MS }, () =>
  fuzz(addresses, corpus.addresses, (text) => {
    const back = returnAddressOf(text)
    if (!back) return
    const url = new URL(back.href)
    expect(url.origin).toBe(back.origin)
    expect(new URL(text).origin).toBe(back.origin)
    expect(url.username + url.password).toBe('')
    // It goes into a header, and into an attribute of a page.
    expect(back.href).toMatch(/^[\x21-\x7e]+$/)
    expect(returnAddressOf(back.href)).toEqual(back)
  }),
)

it('a Cookie header is read whole, and answered by few cookies of ours', { timeout: FUZZ_TIMEOUT_MS }, () =>
  fuzz(
    fc.oneof(
      hostileText,
      mutationsOf([
        `__Host-isthmus=${createSecret()}; __Host-isthmus-shop=x; a=b`,
        '__Host-isthmus.login.x=1;;=;__Host-isthmus=',
      ]),
    ),
    corpus.cookies,
    (cookie) => {
      const request = { headers: { cookie }, url: '/' }
      expect(
        pairsOf(request)
          .map(([name, value]) => name + value)
          .join('').length,
      ).toBeLessThanOrEqual(cookie.length)
      expect(readSecrets(request, '__Host-isthmus').length).toBeLessThanOrEqual(4)
      const answered = malformedCookies(request)
      expect(answered.length).toBeLessThanOrEqual(16)
      for (const { name, expiry } of answered) {
        expect(expiry).toMatch(/^[\x20-\x7e]+$/)
        expect(parseSetCookie(expiry)).toMatchObject({ name, value: '', maxAge: 0, path: '/', secure: true })
      }
    },
  ),
)

it("a proxy's header gives an address or nothing", { timeout: FUZZ_TIMEOUT_MS }, () => {
  const proxies = readNetworks(['10.0.0.0/8', 'fd00::/8'])
  const hops = fc.array(fc.oneof(hostileText, fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.constant('10.0.0.1')), {
    maxLength: 6,
  })
  return fuzz(
    hops.map((parts) => parts.join(', ')),
    corpus.forwarded,
    (forwarded) => {
      const request = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: '10.1.1.1' } }
      const client = clientAddressOf(request as unknown as IncomingMessage, proxies)
      const counted = countedAs(client)
      if (counted !== undefined) expect(isIP(counted.includes(':') ? `${counted}::` : counted), counted).not.toBe(0)
    },
  )
})

it('a configuration is taken, or refused with a sentence', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const value = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    addresses,
    fc.constantFrom<unknown>('shop', '/login', 30_000, true, [SHOP], [], {}, null),
  )
  const site = fc.dictionary(
    fc.constantFrom(
      'id',
      'origins',
      'claims',
      'groups',
      'cookieDomains',
      'returnPaths',
      'backchannelLogoutUri',
      'name',
      '__proto__',
    ),
    value,
  )
  const settings = fc.dictionary(
    fc.constantFrom('origin', 'loginPath', 'idleMs', 'absoluteMs', 'limits', 'keySeal', 'metrics', 'x'),
    value,
  )
  const store = memoryStore()
  return fuzz(fc.tuple(settings, fc.array(site, { maxLength: 3 })), corpus.configurations, ([options, sites]) => {
    for (const parse of [
      () => parseSettings({ origin: HUB, sites: [], store, ...options }),
      () => parseSites(sites),
      () => parseSites([...SITES, ...sites]),
    ]) {
      try {
        parse()
      } catch (error) {
        expect(error).toBeInstanceOf(IsthmusError)
        expect(error).toMatchObject({ code: 'config-invalid', message: expect.stringMatching(/^createHub: /) })
      }
    }
  })
})

it('a hub answers whatever it is asked, with a typed answer', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await using world = await createWorld()
  const failures: unknown[] = []
  world.hub.on('error', ({ error }) => failures.push(error))
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  const endpoints = Object.values(ENDPOINTS)
  const headerText = fc.oneof(
    hostileText,
    fc.constantFrom(
      SHOP,
      `${SHOP}/`,
      HUB,
      'null',
      'same-origin',
      'cross-site',
      'document',
      'navigate',
      'text/html',
      '1',
      'DPoP x',
      'gzip, br',
    ),
  )
  const names = [
    ...[
      'origin',
      'referer',
      'cookie',
      'authorization',
      'dpop',
      'accept',
      'accept-encoding',
      'content-type',
      'if-none-match',
    ],
    ...[
      'sec-fetch-site',
      'sec-fetch-dest',
      'sec-fetch-mode',
      'sec-purpose',
      'sec-fetch-storage-access',
      'isthmus-origin',
      'isthmus-site',
    ],
    ...['isthmus-token', 'isthmus-probe', 'access-control-request-method', 'x-forwarded-for'],
  ]
  const parameter = fc.constantFrom(
    'return_to',
    'site',
    'origin',
    'challenge',
    'visit',
    'pending',
    'prompt',
    'token',
    'to',
    'again',
    'button',
  )
  const requests = fc.record({
    endpoint: fc.constantFrom(...endpoints),
    method: fc.option(fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE')),
    suffix: fc.option(hostileText.map(encodeURI_)),
    query: fc.dictionary(parameter, fc.oneof(addresses, fc.constant(`${SHOP}/`), fc.constant('c'.repeat(43)))),
    headers: fc.dictionary(fc.constantFrom(...names), headerText),
    signedIn: fc.boolean(),
    body: fc.oneof(
      hostileText,
      fc.json(),
      fc.constant(JSON.stringify({ ticket: createSecret(), verifier: createSecret() })),
    ),
  })
  await fuzz(requests, corpus.requests, async ({ endpoint, method, suffix, query, headers, signedIn, body }) => {
    const verb = method ?? endpoint.method
    const sent = new Headers()
    for (const [name, value] of Object.entries(headers)) {
      try {
        sent.set(name, value)
      } catch {
        // No client can send it.
      }
    }
    if (signedIn) sent.set('cookie', [...browser.cookies].map((pair) => pair.join('=')).join('; '))
    const url = `${HUB}${endpoint.path}${suffix ?? ''}?${new URLSearchParams(query)}`
    const hasBody = verb !== 'GET' && verb !== 'HEAD'
    const response = await world.hub.fetch(new Request(url, { method: verb, headers: sent, ...(hasBody && { body }) }))
    const type = response.headers.get('content-type') ?? ''
    expect(failures).toEqual([])
    expect([...new Set([200, 204, 303, 304, ...Object.values(ERRORS).map(({ status }) => status)])]).toContain(
      response.status,
    )
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    if (type.startsWith('text/event-stream')) return void (await response.body?.cancel())
    const text = await response.text()
    if (type.startsWith('application/json') && verb !== 'HEAD') JSON.parse(text)
    // What strangers send is never written into a page as it is.
    if (type.startsWith('text/html'))
      expect(text).not.toMatch(/<script>(?!addEventListener|\(|"use|var|let|const|!)|javascript:/i)
  })
})

/** Lone halves of characters cannot be sent. */
function encodeURI_(text: string): string {
  return encodeURI(text.replace(/[\ud800-\udfff]/g, ''))
}
