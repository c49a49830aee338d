import { promisify } from 'node:util'
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib'
import { type Reply, replyWith } from './reply.ts'

/** Coding of a response (RFC 9110 §8.4.1), in the order in which the hub prefers them. */
const CODINGS = ['br', 'gzip'] as const
type Coding = (typeof CODINGS)[number]

/** A text in every coding that the hub sends; `undefined` is the text as it is. */
export type Encoded = ReadonlyMap<Coding | undefined, Uint8Array<ArrayBuffer>>

/** A document is made for one request. Up to quality 6 a hub document costs 40 µs; 5 is as small as any, and 9 costs a millisecond. */
const DOCUMENT_QUALITY = 5

/** Compresses what is sent often, once, as well as can be. */
export async function compressFile(text: string): Promise<Encoded> {
  const [br, gz] = await Promise.all([promisify(brotliCompress)(text), promisify(gzip)(text, { level: 9 })])
  return new Map<Coding | undefined, Uint8Array<ArrayBuffer>>([
    [undefined, Buffer.from(text)],
    ['br', br as Uint8Array<ArrayBuffer>],
    ['gzip', gz as Uint8Array<ArrayBuffer>],
  ])
}

/** A file in the best coding that the request accepts. */
export function sendFile(request: Request, file: Encoded, headers: Readonly<Record<string, string>>): Reply {
  const coding = codingFor(request)
  return replyWith(file.get(coding) ?? null, withCoding(headers, coding))
}

/**
 * A document that was made for this request. Nothing in it that its asker could have chosen stands beside what the asker
 * must not know, so that its length betrays nothing (BREACH).
 */
export function sendDocument(request: Request, text: string, headers: Readonly<Record<string, string>>): Reply {
  const coding = codingFor(request)
  return replyWith(compress(text, coding), withCoding(headers, coding))
}

function compress(text: string, coding: Coding | undefined): string | Uint8Array<ArrayBuffer> {
  if (coding === 'gzip') return gzipSync(text) as Uint8Array<ArrayBuffer>
  if (coding === undefined) return text
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: DOCUMENT_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  }
  return brotliCompressSync(text, { params }) as Uint8Array<ArrayBuffer>
}

function withCoding(headers: Readonly<Record<string, string>>, coding: Coding | undefined): Record<string, string> {
  const vary = headers.Vary === undefined ? 'Accept-Encoding' : `${headers.Vary}, Accept-Encoding`
  return { ...headers, Vary: vary, ...(coding !== undefined && { 'Content-Encoding': coding }) }
}

/** The preferred coding of those that `Accept-Encoding` admits (RFC 9110 §12.5.3). */
function codingFor(request: Request): Coding | undefined {
  const accepted = (request.headers.get('accept-encoding') ?? '').toLowerCase().split(',')
  const admitted = new Set(
    accepted.filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part)).map((part) => part.split(';')[0]?.trim()),
  )
  return CODINGS.find((coding) => admitted.has(coding))
}
