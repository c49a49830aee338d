import { describe, expect, it } from 'vitest'
import { returnAddressOf } from './return-address.ts'

describe('a way back', () => {
  it.each([
    ['https://shop.example', 'https://shop.example/'],
    ['https://shop.example/a?b=\\c\\d', 'https://shop.example/a?b=%5Cc%5Cd'],
    ['https://shop.example/a#/b\\c', 'https://shop.example/a#/b%5Cc'],
    ['https://shop.example/\u0438?\u0438', 'https://shop.example/%D0%B8?%D0%B8'],
    ['HTTPS://Shop.example:443/a', 'https://shop.example/a'],
  ])('%j is kept as %j', (text, href) => {
    expect(returnAddressOf(text)).toEqual({ origin: 'https://shop.example', href })
  })

  it.each([
    'https://shop.example\\@evil.example/',
    'https://shop.example/\\a?b',
    'https:\\\\shop.example/',
    'https://user@shop.example/?\\',
    'https://shop.example/?a\nb',
    '//shop.example/',
    'javascript:alert(1)',
    `https://shop.example/${'\u0438'.repeat(700)}`,
  ])('%j is none', (text) => {
    expect(returnAddressOf(text)).toBeUndefined()
  })

  it('belongs to the host that browsers see, whatever stands behind it', () => {
    expect(returnAddressOf('https://evil.example?\\@shop.example/')?.origin).toBe('https://evil.example')
    expect(returnAddressOf('https://evil.example#\\@shop.example/')?.origin).toBe('https://evil.example')
  })
})
