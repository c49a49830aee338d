import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { BASE_PATH, ENDPOINTS } from '@isthmus/protocol'
import type { Hub } from './create-hub.ts'
import { plainAnswers } from './plain-answers.ts'
import { type Live, type Reply, responseOf } from './responses/reply.ts'

const WELL_KNOWN: readonly string[] = [ENDPOINTS.discovery.path, ENDPOINTS.jwks.path]

/** A URL resolves these, and becomes another address than the one that the rules of a proxy have seen. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** A handler for node:http, and at the same time a middleware for Express and Connect. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void

/**
 * Serves a hub in Express (`app.use(nodeHandler(hub))`, before body parsers) or node:http
 * (`createServer(nodeHandler(hub))`). Other paths go to `next`, or get a 404 where there is none.
 */
export function nodeHandler(hub: Pick<Hub, 'fetch'>): NodeHandler {
  const answer = plainAnswers.get(hub.fetch)
  const fetch = answer
    ? async (request: Request, { outgoing }: { outgoing: ServerResponse }) => send(await answer(request), outgoing)
    : hub.fetch
  const listen = getRequestListener(fetch as typeof hub.fetch, { overrideGlobalObjects: false })
  return (request, response, next) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const ours = path === BASE_PATH || path.startsWith(`${BASE_PATH}/`) || WELL_KNOWN.includes(path)
    if (next && !ours) next()
    else if (DOT_SEGMENT.test(path)) response.writeHead(404).end()
    else listen(request, response).catch((error: unknown) => (next ? next(error) : response.destroy()))
  }
}

/** Writes an answer of plain values; streams of the platform are left to the adapter. */
function send(reply: Reply, outgoing: ServerResponse): Response {
  const { status, headers, body } = reply
  if (body instanceof ReadableStream) return responseOf(reply)
  if (outgoing.destroyed) return RESPONSE_ALREADY_SENT
  if (typeof body === 'function') sendLive(body, outgoing.writeHead(status, headers))
  else if (body === null) outgoing.writeHead(status, headers).end()
  else outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
  return RESPONSE_ALREADY_SENT
}

function sendLive(live: Live, outgoing: ServerResponse): void {
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
