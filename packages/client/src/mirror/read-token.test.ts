import { SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { readToken } from './read-token.ts'

const claims = { iss: 'https://auth.example', aud: 'shop', sub: 'customer', sid: 's1', iat: 1, exp: 301 }

function write(payload: unknown): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return `e30.${Buffer.from(text).toString('base64url')}.AA`
}

it('reads what a hub signs, in every alphabet', async () => {
  const payload = { ...claims, groups: ['staff'], name: 'Zoë Ωmega 漢字 😀 ~~~???', deep: { list: [1, null] } }
  const token = await new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))
  expect(readToken(token)).toEqual(payload)
})

it('never sets a prototype', () => {
  const read = readToken(write(`{"__proto__":{"admin":true},${JSON.stringify(claims).slice(1)}`))
  expect(read).toEqual(claims)
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  expect(read).not.toHaveProperty('admin')
})

it.each([
  ['nothing', ''],
  ['a word', 'true'],
  ['empty parts', '..'],
  ['one part', 'e30'],
  ['another alphabet', 'e30.ä.AA'],
  ['half a payload', write(claims).slice(0, 30)],
  ['a payload that is null', write(null)],
  ['a list', write([claims])],
  ['a text', write('"customer"')],
  ['bytes that are no text', `e30.${Buffer.from([0xff, 0xfe]).toString('base64url')}.AA`],
  ['no user', write({ ...claims, sub: '' })],
  ['a user that is a number', write({ ...claims, sub: 1 })],
  ['no end', write({ ...claims, exp: undefined })],
  ['an end that is a text', write({ ...claims, exp: '301' })],
  ['an end beyond all numbers', write(JSON.stringify(claims).replace('301', '1e400'))],
  ['two audiences', write({ ...claims, aud: ['shop', 'news'] })],
])('is not taken in by %s', (_, token) => {
  expect(readToken(token)).toBeUndefined()
})
