import { type Discovery, PROTOCOL_VERSION, parseOrigin } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'

/** `GET /.well-known/isthmus`: public facts, and whether the asking origin is registered. */
export async function discover(request: Request, { settings, sites }: HubParts): Promise<Response> {
  const origin = parseOrigin(request.headers.get('origin'))
  const mine = origin ? await sites.ofOrigin(origin) : []
  const discovery: Discovery = { issuer: settings.origin, version: PROTOCOL_VERSION, site: mine[0]?.id ?? null }
  return Response.json(discovery, {
    headers: { 'Cache-Control': 'no-cache', Vary: 'Origin' },
  })
}
