import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTrustworthyOrigin, type Origin, originOf, parseOrigin } from './origins.ts'

describe('parseOrigin takes an exact origin', () => {
  test.each([
    'https://shop.example',
    'https://shop.example:8443',
    'https://shop.example:80',
    'http://shop.example:443',
    'http://localhost:3000',
    'http://shop.localhost',
    'http://127.0.0.1:8080',
    'https://[::1]',
    'https://[2001:db8::1]:8443',
    'https://xn--bcher-kva.example',
    'https://a_b.example',
    // A name with a dot at its end is another host, and another origin.
    'https://shop.example.',
  ])('%s', (text) => {
    expect(parseOrigin(text)).toBe(text)
    expect(originOf(`${text}/a?b#c`)).toBe(text)
  })
})

describe('parseOrigin refuses', () => {
  test.each<[string, unknown]>([
    ['a trailing slash', 'https://shop.example/'],
    ['a path', 'https://shop.example/a'],
    ['an empty query', 'https://shop.example?'],
    ['an empty fragment', 'https://shop.example#'],
    ['the default port of https', 'https://shop.example:443'],
    ['the default port of http', 'http://shop.example:80'],
    ['an empty port', 'https://shop.example:'],
    ['a port with a zero in front', 'https://shop.example:08443'],
    ['a port out of range', 'https://shop.example:65536'],
    ['an upper-case host', 'https://Shop.example'],
    ['an upper-case scheme', 'HTTPS://shop.example'],
    ['user info', 'https://shop.example@evil.example'],
    ['a password', 'https://user:secret@shop.example'],
    ['empty user info', 'https://@shop.example'],
    ['a backslash behind', 'https://shop.example\\'],
    ['a backslash before user info', 'https://evil.example\\@shop.example'],
    ['backslashes for slashes', 'https:\\\\shop.example'],
    ['no slashes', 'https:shop.example'],
    ['one slash', 'https:/shop.example'],
    ['three slashes', 'https:///shop.example'],
    ['no scheme', 'shop.example'],
    ['a relative scheme', '//shop.example'],
    ['a space before', ' https://shop.example'],
    ['a space behind', 'https://shop.example '],
    ['a line break behind', 'https://shop.example\n'],
    ['a line break inside', 'https://shop\n.example'],
    ['a tab inside', 'https://sh\top.example'],
    ['a carriage return', 'https://shop.example\r'],
    ['NUL', 'https://shop.example\0'],
    ['another control character', 'https://shop.example\u0085'],
    ['a line separator', 'https://shop.example\u2028'],
    ['a no-break space', 'https://shop.example\u00a0'],
    ['two origins', 'https://shop.example https://news.example'],
    ['a list', 'https://shop.example,https://news.example'],
    ['the origin of sandboxed and data: documents', 'null'],
    ['nothing', ''],
    ['no host', 'https://'],
    ['letters beyond ASCII', 'https://bücher.example'],
    ['letters of full width', 'https://ｓhop.example'],
    ['a dot of another script', 'https://shop。example'],
    ['an escaped letter', 'https://%73hop.example'],
    ['an invisible letter', 'https://shop.example\u200b'],
    ['a soft hyphen', 'https://sh\u00adop.example'],
    ['Punycode that means nothing', 'https://xn--a'],
    ['a long form of an IPv6 address', 'https://[0:0:0:0:0:0:0:1]'],
    ['IPv6 in upper case', 'https://[2001:DB8::1]'],
    ['IPv6 with IPv4 inside', 'https://[::ffff:127.0.0.1]'],
    ['IPv6 with a zone', 'https://[fe80::1%25eth0]'],
    ['IPv6 without brackets', 'https://::1'],
    ['a short IPv4 address', 'https://127.1'],
    ['a hexadecimal IPv4 address', 'https://0x7f000001'],
    ['an octal IPv4 address', 'https://0177.0.0.1'],
    ['a decimal IPv4 address', 'https://2130706433'],
    ['a wildcard', '*'],
    ['a wildcard for names', 'https://*.shop.example'],
    ['a wildcard for ports', 'https://shop.example:*'],
    ['what would end a header or a policy', 'https://shop.example;script-src'],
    ['what would add to a header', "https://shop.example'unsafe-inline'"],
    ['a file', 'file:///etc/passwd'],
    ['the origin of files', 'file://'],
    ['a socket', 'ws://shop.example'],
    ['a secure socket', 'wss://shop.example'],
    ['ftp', 'ftp://shop.example'],
    ['a blob', 'blob:https://shop.example/3a4ad1c5'],
    ['data', 'data:text/html,hello'],
    ['javascript', 'javascript:alert(1)'],
    ['an extension', 'chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai'],
    ['about:blank', 'about:blank'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a list of one', ['https://shop.example']],
    ['an object that becomes an origin', { toString: () => 'https://shop.example' }],
    ['a boxed string', new String('https://shop.example')],
    ['a URL', new URL('https://shop.example')],
  ])('%s', (_, text) => {
    expect(parseOrigin(text)).toBeUndefined()
  })
})

describe('originOf', () => {
  test.each([
    ['https://shop.example', 'https://shop.example'],
    ['https://shop.example/a/b?c#d', 'https://shop.example'],
    ['https://shop.example:443/', 'https://shop.example'],
    ['HTTPS://Shop.Example/', 'https://shop.example'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example'],
    ['https://shop.example/?next=https://evil.example', 'https://shop.example'],
    ['https://shop.example/@evil.example', 'https://shop.example'],
    ['https://shop.example#@evil.example/', 'https://shop.example'],
  ])('of %s is %s', (url, origin) => {
    expect(originOf(url)).toBe(origin)
  })

  test.each<[string, unknown]>([
    ['user info', 'https://shop.example@evil.example/'],
    ['user info and a password', 'https://shop.example:443@evil.example/'],
    ['a backslash', 'https://evil.example\\@shop.example/'],
    ['a backslash in the path', 'https://shop.example/\\evil.example'],
    ['white space', 'https://shop.example/ a'],
    ['a line break', 'https://shop.example/\n'],
    ['a tab', 'https://shop\t.example/'],
    ['a control character', 'https://shop.example/\u0007'],
    ['a relative scheme', '//shop.example/'],
    ['a path', '/account'],
    ['a wildcard', 'https://*.shop.example/'],
    ['a blob', 'blob:https://shop.example/3a4ad1c5'],
    ['javascript', 'javascript://shop.example/%0aalert(1)'],
    ['data', 'data:text/html,https://shop.example'],
    ['a file', 'file://shop.example/'],
    ['a socket', 'wss://shop.example/'],
    ['"null"', 'null'],
    ['nothing', ''],
    ['a URL object', new URL('https://shop.example')],
  ])('refuses %s', (_, url) => {
    expect(originOf(url)).toBeUndefined()
  })
})

test.each([
  'https://shop.example.evil.example/',
  'https://evil-shop.example/',
  'https://shop.example.evil/',
  'https://shop.examp1e/',
  'https://shop.example:8443/',
  'http://shop.example/',
  'https://www.shop.example/',
  'https://shop.example./',
  'https://evil.example/https://shop.example',
  'https://evil.example/?https://shop.example',
  'https://evil.example#https://shop.example',
  'https://ѕhop.example/',
])('%s looks like the origin of the shop, and is not', (url) => {
  expect(originOf(url)).not.toBe('https://shop.example')
})

test('whatever is an origin is one for the browser as well, letter by letter', () => {
  const text = fc.oneof(
    fc.webUrl(),
    fc.webUrl({ withFragments: true }).map((url) => new URL(url).origin),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (given) => {
      const origin = parseOrigin(given)
      if (origin !== undefined) expect(new URL(origin).origin).toBe(given)
      const whole = originOf(given)
      if (whole !== undefined) expect(parseOrigin(whole)).toBe(whole)
    }),
    { numRuns: 1000 },
  )
})

describe('isTrustworthyOrigin', () => {
  test.each([
    'https://shop.example',
    'https://192.0.2.1',
    'http://localhost',
    'http://localhost:3000',
    'http://shop.localhost',
    'http://a.b.localhost:8080',
    'http://127.0.0.1',
    'http://127.1.2.3:8080',
    'http://[::1]:8080',
  ])('%s keeps Secure cookies', (origin) => {
    expect(isTrustworthyOrigin(origin as Origin)).toBe(true)
  })

  test.each([
    'http://shop.example',
    'http://localhost.example',
    'http://notlocalhost',
    'http://127.0.0.1.example',
    'http://128.0.0.1',
    'http://192.168.0.1',
    'http://[::2]',
    'http://[::ffff:7f00:1]',
    'http://0.0.0.0',
  ])('%s does not', (origin) => {
    expect(isTrustworthyOrigin(origin as Origin)).toBe(false)
  })
})
