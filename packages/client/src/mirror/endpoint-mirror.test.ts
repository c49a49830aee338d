import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { mirrorAtEndpoint } from './endpoint-mirror.ts'

/** What the back end was told, and the answers it holds back. */
let told: string[]
let answers: ((status: number) => void)[]
let address: string
let close: () => Promise<void>

beforeEach(async () => {
  vi.stubGlobal('document', new EventTarget())
  told = []
  answers = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      told.push(`${request.method} ${body}`.trim())
      answers.push((status) => void response.writeHead(status).end())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/isthmus/mirror`
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  await close()
})

/** Lets the back end answer the request that waits. */
async function reply(status = 204): Promise<void> {
  await vi.waitFor(() => expect(answers).not.toEqual([]))
  answers.shift()?.(status)
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

it('sends each token once', async () => {
  const mirror = mirrorAtEndpoint(address)
  for (let times = 0; times < 3; times++) mirror.keep('a.b.c', undefined)
  await reply()
  await settled()
  mirror.keep('a.b.c', 'shop.example')
  await settled()
  expect(told).toEqual(['POST {"token":"a.b.c"}'])
})

it('never lets a token that is under way arrive after the end of its session', async () => {
  const mirror = mirrorAtEndpoint(address)
  mirror.keep('a.b.c', undefined)
  await vi.waitFor(() => expect(told).toHaveLength(1))
  mirror.clear()
  await settled()
  expect(told).toEqual(['POST {"token":"a.b.c"}'])
  await reply()
  await reply()
  await settled()
  expect(told).toEqual(['POST {"token":"a.b.c"}', 'DELETE'])
})

it('sends the last word only', async () => {
  const mirror = mirrorAtEndpoint(address)
  mirror.keep('a.1.c', undefined)
  await vi.waitFor(() => expect(told).toHaveLength(1))
  mirror.clear()
  mirror.keep('a.2.c', undefined)
  mirror.keep('a.3.c', undefined)
  await reply()
  await reply()
  await settled()
  expect(told).toEqual(['POST {"token":"a.1.c"}', 'POST {"token":"a.3.c"}'])
})

it.each([
  ['refuses', 401],
  ['fails', 500],
  ['redirects', 302],
])('says once that a back end %s, and tries again with the next answer', async (_, status) => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const mirror = mirrorAtEndpoint(address)
  for (let times = 0; times < 2; times++) {
    mirror.keep('a.b.c', undefined)
    await reply(status)
    await settled()
  }
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.lastCall?.[0]).toContain(address)
  expect(warn.mock.lastCall?.[0]).not.toContain('a.b.c')
  mirror.clear()
  await reply()
  await settled()
  expect(told).toEqual(['POST {"token":"a.b.c"}', 'POST {"token":"a.b.c"}', 'DELETE'])
})

// Regression: the warning did not tell a token that is too long for the back end, nor a redirect, from a mirror that is not there.
it.each([
  [413, 'it answered 413'],
  [404, 'it answered 404'],
])('says why the back end did not take the token: %i', async (status, words) => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  mirrorAtEndpoint(address).keep('a.b.c', undefined)
  await reply(status)
  await vi.waitFor(() => expect(warn.mock.lastCall?.[0]).toContain(words))
})

it('says that a redirect loses the token', async () => {
  // What browsers give for a redirect that is not followed; Node's fetch shows the answer itself.
  vi.stubGlobal('fetch', async () => ({ ok: false, status: 0, type: 'opaqueredirect' }))
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  mirrorAtEndpoint(address).keep('a.b.c', undefined)
  await vi.waitFor(() => expect(warn.mock.lastCall?.[0]).toContain('it redirects, and a token is not sent on'))
})
