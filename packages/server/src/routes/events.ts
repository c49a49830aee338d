import { HEARTBEAT_MS, IsthmusError } from '@isthmus/protocol'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { HubParts } from '../parts.ts'
import { embedderByHubPage } from '../requests/embedder.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import { createBell } from './bell.ts'

/**
 * `GET /events`: the state now, and again at every change of the session. Each event is a whole state, so that
 * nothing is ever missed, only late. The stream ends after a state other than signed-in: nothing can follow it.
 */
export async function streamEvents(context: Context, hub: HubParts): Promise<Response> {
  const request = context.req.raw
  const { carriers, closing, sessions, settings, sites } = hub
  const embedder = await embedderByHubPage(request, settings.origin, sites)
  // Nobody would read the stream that a HEAD opens, nor end it.
  if (request.method !== 'GET') throw new IsthmusError('not-found')
  const proof = await carriers.ofFrame(request, embedder.site)
  const response = streamSSE(context, async (stream) => {
    const bell = createBell()
    stream.onAbort(bell.ring)
    closing.addEventListener('abort', bell.ring)
    hub.streams.add(stream)
    let unfollow: (() => void) | undefined
    let sent: string | undefined
    try {
      // Followed before the first state is read: a change in between rings the bell.
      unfollow = proof && (await sessions.follow(proof.session.sid, bell.ring))
      while (!stream.aborted && !closing.aborted) {
        // As it is registered now: a site that was taken off the list is told nothing more.
        const site = await sites.byOrigin(embedder.origin, embedder.site.id)
        if (!site) break
        const session = proof && ((await sessions.get(proof.session.sid)) ?? proof.session)
        const answer = await hub.answer(session && { carrier: proof.carrier, session }, { ...embedder, site })
        const data = JSON.stringify(answer)
        if (data !== sent) await stream.writeSSE({ event: 'state', data })
        else await stream.write(': still here\n\n')
        sent = data
        if (answer.state.status !== 'signed-in') break
        const { expiresAt, idleExpiresAt } = answer.state
        const untilEndMs = Math.min(expiresAt, idleExpiresAt) - settings.clock()
        const stopTimer = settings.timer(Math.max(0, Math.min(HEARTBEAT_MS, untilEndMs)), bell.ring)
        await bell.wait()
        stopTimer()
      }
    } catch (error) {
      // The stream breaks off, and its reader comes back. A closed hub has a closed store.
      if (!closing.aborted) hub.events.emit('error', { error, path: context.req.path })
    } finally {
      closing.removeEventListener('abort', bell.ring)
      hub.streams.delete(stream)
      unfollow?.()
    }
  })
  for (const [name, value] of Object.entries(PRIVATE_HEADERS)) response.headers.set(name, value)
  // How the connection is kept is the server's affair, and HTTP/2 breaks off where an answer says it (RFC 9113 §8.2.2).
  response.headers.delete('Connection')
  response.headers.delete('Transfer-Encoding')
  // Proxies such as nginx would hold events back until a buffer is full.
  response.headers.set('X-Accel-Buffering', 'no')
  return response
}
