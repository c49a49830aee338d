import { IsthmusError } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { sendFile } from '../responses/compression.ts'
import { assetHeaders, CLIENT_HEADERS } from '../responses/headers.ts'
import { type Reply, replyWith } from '../responses/reply.ts'

/** A part that the hub page or the SDK loads when it needs it. */
export function assetFile(request: Request, { assets, settings }: HubParts): Reply {
  const found = assets.find(new URL(request.url).pathname.split('/').at(-1) ?? '')
  if (!found) throw new IsthmusError('not-found')
  return sendFile(request, found.file, assetHeaders(settings.origin, found.exact))
}

/** The SDK for script tags. */
export function clientScript(request: Request, { assets }: HubParts): Reply {
  const etag = `W/"${assets.clientHash}"`
  const headers = { ...CLIENT_HEADERS, ETag: etag }
  const known = request.headers.get('if-none-match')?.split(/, */).includes(etag)
  if (!known) return sendFile(request, assets.client, headers)
  return replyWith(null, { ...headers, Vary: 'Accept-Encoding' }, 304)
}
