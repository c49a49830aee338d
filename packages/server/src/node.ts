import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { BASE_PATH, ENDPOINTS } from '@isthmus/protocol'
import type { Hub } from './create-hub.ts'
import { plainAnswers } from './plain-answers.ts'
import { bodilessRequest } from './requests/bodiless-request.ts'
import { clientAddressOf, readNetworks } from './requests/client-address.ts'
import { writeReply } from './responses/write-reply.ts'

const WELL_KNOWN: readonly string[] = [ENDPOINTS.discovery.path, ENDPOINTS.jwks.path]

/** A URL resolves these, and becomes another address than the one that the rules of a proxy have seen. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** What {@link nodeHandler} takes. */
export interface NodeHandlerOptions {
  /**
   * Networks of the proxies in front, whose `X-Forwarded-For` is believed: `['10.0.0.0/8']`. Default none. In Express
   * its own setting `trust proxy` counts.
   */
  readonly trustedProxies?: readonly string[]
}

/** A handler for node:http, and at the same time a middleware for Express and Connect. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void

/** What Express and its parsers add: the whole address where a handler is mounted below a path, and the parsed body. */
type Incoming = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown; rawBody?: Buffer }

/**
 * Serves a hub in Express (`app.use(nodeHandler(hub))`) or node:http (`createServer(nodeHandler(hub))`). Other paths go to
 * `next`, or get a 404 where there is none. Body parsers may come before it.
 *
 * `app.use('/isthmus', nodeHandler(hub))` serves what is below that path; the keys and the discovery document at
 * `/.well-known` are then missing, and a line on stderr says so.
 */
export function nodeHandler(hub: Pick<Hub, 'fetch'>, { trustedProxies = [] }: NodeHandlerOptions = {}): NodeHandler {
  const plain = plainAnswers.get(hub.fetch)
  const proxies = readNetworks(trustedProxies)
  async function answer(request: Request, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> {
    const addressOf = (): string | undefined => clientAddressOf(incoming, proxies)
    if (!plain) return hub.fetch(request, { address: addressOf() })
    writeReply(await plain.answer(request, addressOf), outgoing)
    return RESPONSE_ALREADY_SENT
  }
  const fetch = (request: Request, { incoming, outgoing }: HttpBindings): Promise<Response> =>
    answer(request, incoming, outgoing)
  const listen = getRequestListener(fetch as Parameters<typeof getRequestListener>[0], { overrideGlobalObjects: false })
  let isToldOfMount = false
  return (incoming, response, next) => {
    const request: Incoming = incoming
    const url = request.originalUrl ?? request.url ?? ''
    const path = url.split('?', 1)[0] ?? ''
    const ours = path === BASE_PATH || path.startsWith(`${BASE_PATH}/`) || WELL_KNOWN.includes(path)
    if (!ours && next) return next()
    if (DOT_SEGMENT.test(path)) return void response.writeHead(404).end()
    if (ours && url !== request.url) {
      if (!isToldOfMount) {
        console.error(
          `isthmus: nodeHandler is mounted below a path. Use app.use(nodeHandler(hub)): ${WELL_KNOWN.join(' and ')} have to be served, too.`,
        )
        isToldOfMount = true
      }
      request.url = url
    }
    const bodiless = plain && bodilessRequest(request, plain.origin)
    if (!bodiless && request.readableDidRead) request.rawBody = bodyOf(request)
    const answered = bodiless ? answer(bodiless, request, response) : listen(request, response)
    answered.catch((error: unknown) => (next ? next(error) : response.destroy()))
  }
}

/** A body that a parser has read, as it came; what it did not keep is gone. */
function bodyOf({ body, headers }: Incoming): Buffer {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as string)
  if (typeof body !== 'object' || body === null) return Buffer.alloc(0)
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  return Buffer.from(isForm ? String(new URLSearchParams(body as Record<string, string>)) : JSON.stringify(body))
}
