import { JWKS_CACHE_MS } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'

/** `GET /.well-known/jwks.json`: the keys that tokens of this hub are verified with (RFC 7517 §5). Public, for anyone. */
export async function publishKeys(_: Request, { tokenKeys }: HubParts): Promise<Response> {
  return Response.json(
    { keys: await tokenKeys.published() },
    {
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Cache-Control': `public, max-age=${JWKS_CACHE_MS / 1000}`,
        'X-Content-Type-Options': 'nosniff',
      },
    },
  )
}
