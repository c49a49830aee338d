import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import type { Live, Reply } from './reply.ts'

/** Writes an answer. */
export function writeReply({ status, headers, body }: Reply, outgoing: ServerResponse): void {
  if (outgoing.destroyed) {
    if (body instanceof ReadableStream) body.cancel().catch(() => undefined)
  } else if (body instanceof ReadableStream) writeStream(body, outgoing.writeHead(status, headers))
  else if (typeof body === 'function') writeLive(body, outgoing.writeHead(status, headers))
  else if (body === null) outgoing.writeHead(status, headers).end()
  else {
    headers['content-length'] = String(Buffer.byteLength(body))
    outgoing.writeHead(status, headers).end(body)
  }
}

function writeStream(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): void {
  // A reader that goes away breaks it off, and needs no answer any more.
  pipeline(Readable.fromWeb(body as NodeReadableStream<Uint8Array>), outgoing).catch(() => undefined)
}

function writeLive(live: Live, outgoing: ServerResponse): void {
  outgoing.flushHeaders()
  const stop = live({
    get pendingBytes() {
      return outgoing.writableLength
    },
    write: (text) => void outgoing.write(text),
    end: (text) => void outgoing.end(text),
    cut: () => void outgoing.destroy(),
  })
  outgoing.once('close', stop)
}
