import { describe, expect, test } from 'vitest'
import { transferHref } from './transfer.ts'

const PEERS = 'https://news.example http://staff.localhost:8080'
const transfer = (url: string, sid: string | undefined = 'abc-1'): string => transferHref(url, sid, PEERS)

describe('a link to another registered site', () => {
  test.each([
    ['https://news.example', 'https://news.example/#isthmus=link:abc-1'],
    ['https://news.example/a?b=c', 'https://news.example/a?b=c#isthmus=link:abc-1'],
    ['https://NEWS.example:443/a', 'https://news.example/a#isthmus=link:abc-1'],
    ['http://staff.localhost:8080/', 'http://staff.localhost:8080/#isthmus=link:abc-1'],
  ])('%s takes the session along', (url, expected) => {
    expect(transfer(url)).toBe(expected)
  })

  test.each(['#/orders/7?tab=2', '#a&b=c', '#a#b', '#isthmus=x'])('keeps its own fragment %s to the letter', (hash) => {
    expect(transfer(`https://news.example/a${hash}`)).toBe(`https://news.example/a#isthmus=link:abc-1&${hash.slice(1)}`)
  })

  test.each(['', '#/orders/7', '#a&b=c'])(
    'that was clicked before, with the fragment "%s", holds one hint: that of now',
    (hash) => {
      const before = transfer(`https://news.example/a${hash}`, 'former')
      expect(transfer(before)).toBe(transfer(`https://news.example/a${hash}`))
      expect(transferHref(before, undefined, PEERS)).toBe(`https://news.example/a${hash}`)
    },
  )

  test('stays as it is while nobody is signed in', () => {
    expect(transferHref('https://news.example/', undefined, PEERS)).toBe('https://news.example/')
  })
})

test.each([
  ...['https://evil.example/', 'https://news.example.evil.example/', 'https://evil.example/https://news.example/'],
  ...['http://news.example/', 'https://news.example:8443/', 'https://www.news.example/', 'https://news.example./'],
  ...[
    'https://news.example@evil.example/',
    'https://user@news.example/',
    'https:\\\\news.example\\',
    ' https://news.example/',
  ],
  ...[
    '/orders',
    '//news.example/',
    '',
    'javascript:alert(1)',
    'data:text/html,hi',
    'https://',
    'null',
    'mailto:a@b.example',
  ],
])('"%s" comes back as it was', (url) => {
  expect(transfer(url)).toBe(url)
})

test('a hub that names no other site lets nothing be taken along', () => {
  expect(transferHref('https://news.example/', 'abc-1', '')).toBe('https://news.example/')
})
