import type { IncomingMessage } from 'node:http'
import { parseOrigin } from '@isthmus/protocol'
import { expect, it } from 'vitest'
import { bodilessRequest } from './bodiless-request.ts'

const HUB = parseOrigin('https://auth.example') as NonNullable<ReturnType<typeof parseOrigin>>

function read(given: Partial<IncomingMessage>): Request | undefined {
  const incoming = {
    method: 'GET',
    url: '/isthmus/session',
    ...given,
    headers: { host: 'auth.example', ...given.headers },
  }
  return bodilessRequest(incoming as IncomingMessage, HUB)
}

it('has what routes read, as a whole request has it', () => {
  const headers = { cookie: 'a=1; b=2', referer: 'https://shop.example/', 'set-cookie': ['a', 'b'] }
  const url = '/isthmus/hub?origin=https%3A%2F%2Fshop.example&site=shop'
  const request = read({ url, headers }) as Request
  const whole = new Request(HUB + url, { headers: { cookie: 'a=1; b=2', referer: 'https://shop.example/' } })
  expect([request.method, request.url, request.body]).toEqual([whole.method, whole.url, whole.body])
  for (const name of ['cookie', 'referer', 'origin']) {
    expect(request.headers.get(name)).toBe(whole.headers.get(name))
    expect(request.headers.has(name)).toBe(whole.headers.has(name))
  }
  expect(request instanceof Request && request.headers instanceof Headers).toBe(true)
})

it('is loud about what a route may not ask it for', async () => {
  const request = read({}) as Request
  await expect(async () => request.text()).rejects.toThrow(TypeError)
  expect(() => [...request.headers]).toThrow(TypeError)
})

it.each<Partial<IncomingMessage>>([
  { method: 'POST' },
  { url: '*' },
  { url: 'https://other.example/isthmus/session' },
  { url: '/isthmus/a\\b' },
  { url: '/isthmus/<' },
  { url: '/isthmus/é' },
  { headers: { host: 'a b' } },
  { headers: { host: 'x@y/z' } },
])('leaves %j to a whole one', (given) => {
  expect(read(given)).toBeUndefined()
})
