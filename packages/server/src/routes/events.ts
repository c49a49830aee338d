import { IsthmusError } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { embedderByHubPage } from '../requests/embedder.ts'
import { STREAM_HEADERS } from '../responses/headers.ts'
import { type Reply, replyWith } from '../responses/reply.ts'

/**
 * `GET /events`: the state now, and again at every change of the session. Each event is a whole state, so that
 * nothing is ever missed, only late. The stream ends after a state other than signed-in: nothing can follow it.
 */
export async function streamEvents(request: Request, hub: HubParts, address?: string): Promise<Reply> {
  const { carriers, settings, sites, streams } = hub
  const embedder = await embedderByHubPage(request, settings.origin, sites)
  // Nobody would read the stream that a HEAD opens, nor end it.
  if (request.method !== 'GET') throw new IsthmusError('not-found')
  return replyWith(streams.open(await carriers.ofFrame(request, embedder.site), embedder, address), STREAM_HEADERS)
}
