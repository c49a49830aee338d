import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Live, type Reply, responseOf } from './reply.ts'

/** Writes an answer of plain values; streams of the platform are left to the adapter. */
export function writeReply(reply: Reply, outgoing: ServerResponse): Response {
  const { status, headers, body } = reply
  if (body instanceof ReadableStream) return responseOf(reply)
  if (outgoing.destroyed) return RESPONSE_ALREADY_SENT
  if (typeof body === 'function') writeLive(body, outgoing.writeHead(status, headers))
  else if (body === null) outgoing.writeHead(status, headers).end()
  else outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  return RESPONSE_ALREADY_SENT
}

function writeLive(live: Live, outgoing: ServerResponse): void {
  outgoing.flushHeaders()
  const stop = live({
    get pendingBytes() {
      return outgoing.writableLength
    },
    write: (text) => void outgoing.write(text),
    end: () => void outgoing.end(),
    cut: () => void outgoing.destroy(),
  })
  outgoing.once('close', stop)
}
