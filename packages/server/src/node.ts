import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { BASE_PATH, ENDPOINTS } from '@isthmus/protocol'
import type { Hub } from './create-hub.ts'

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
  const listen = getRequestListener(hub.fetch, { overrideGlobalObjects: false })
  return (request, response, next) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const ours = path === BASE_PATH || path.startsWith(`${BASE_PATH}/`) || WELL_KNOWN.includes(path)
    if (next && !ours) next()
    else if (DOT_SEGMENT.test(path)) response.writeHead(404).end()
    else listen(request, response).catch((error: unknown) => (next ? next(error) : response.destroy()))
  }
}
