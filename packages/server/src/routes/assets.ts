import type { HubParts } from '../parts.ts'
import { CLIENT_HEADERS, WORKER_HEADERS } from '../responses/headers.ts'

/** The worker that holds the event stream. */
export function workerScript(_: Request, { assets }: HubParts): Response {
  return new Response(assets.worker, { headers: WORKER_HEADERS })
}

/** The SDK for script tags. */
export function clientScript(request: Request, { assets }: HubParts): Response {
  const etag = `"${assets.clientHash}"`
  const headers = { ...CLIENT_HEADERS, ETag: etag }
  return request.headers.get('if-none-match') === etag
    ? new Response(null, { status: 304, headers })
    : new Response(assets.client, { headers })
}
