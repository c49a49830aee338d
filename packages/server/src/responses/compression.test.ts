import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compressFile, sendDocument, sendFile } from './compression.ts'
import { responseOf } from './reply.ts'

const TEXT = 'one session, many domains; '.repeat(100)

function asking(accepts: string | undefined): Request {
  return new Request('https://auth.example/', { headers: accepts === undefined ? {} : { 'accept-encoding': accepts } })
}

async function textOf(response: Response): Promise<string> {
  const body = new Uint8Array(await response.arrayBuffer())
  const coding = response.headers.get('content-encoding')
  if (coding === 'br') return brotliDecompressSync(body).toString()
  return coding === 'gzip' ? gunzipSync(body).toString() : Buffer.from(body).toString()
}

describe.each([
  ['a file', async (request: Request) => sendFile(request, await compressFile(TEXT), { Vary: 'Cookie' })],
  ['a document', async (request: Request) => sendDocument(request, TEXT, { Vary: 'Cookie' })],
])('%s', (_, send) => {
  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate, br;q=0', 'gzip'],
    ['gzip;q=0.5, BR;q=0.1', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0.000, gzip; q=0', null],
    ['identity', null],
    ['brotli', null],
    ['', null],
    [undefined, null],
  ])('for "%s" goes out as %s', async (accepts, coding) => {
    const response = responseOf(await send(asking(accepts)))
    expect(response.headers.get('content-encoding')).toBe(coding)
    expect(response.headers.get('vary')).toBe('Cookie, Accept-Encoding')
    expect(await textOf(response)).toBe(TEXT)
  })
})
