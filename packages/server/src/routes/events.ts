import { IsthmusError, PROBE_HEADER, PROBE_HOLD_MS } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { embedderByHubPage } from '../requests/embedder.ts'
import { STREAM_HEADERS } from '../responses/headers.ts'
import { type Live, type Reply, replyWith } from '../responses/reply.ts'
import type { Timer } from '../timer.ts'

/**
 * `GET /events`: the state now, and again at every change of the session. Each event is a whole state, so that
 * nothing is ever missed, only late. The stream ends after a state other than signed-in: nothing can follow it.
 */
export async function streamEvents(
  request: Request,
  hub: HubParts,
  addressOf: () => string | undefined,
): Promise<Reply> {
  const { carriers, settings, sites, streams } = hub
  const embedder = await embedderByHubPage(request, settings.origin, sites)
  // Nobody would read the stream that a HEAD opens, nor end it.
  if (request.method !== 'GET') throw new IsthmusError('not-found')
  const live = streams.open(await carriers.ofFrame(request, embedder.site), embedder, addressOf())
  if (!request.headers.has(PROBE_HEADER)) return replyWith(live, STREAM_HEADERS)
  return replyWith(heldOpen(live, settings.timer, hub.closing), { ...STREAM_HEADERS, [PROBE_HEADER]: 'held' })
}

/** Ends later than it would: what a proxy holds back until the end of an answer does not arrive while it is open. */
function heldOpen(live: Live, timer: Timer, closing: AbortSignal): Live {
  return (sink) => {
    let stopTimer: (() => void) | undefined
    function release(): void {
      stopTimer?.()
      closing.removeEventListener('abort', end)
    }
    function end(): void {
      release()
      sink.end()
    }
    const stop = live({
      get pendingBytes() {
        return sink.pendingBytes
      },
      write: (text) => sink.write(text),
      end(text) {
        if (text !== undefined) sink.write(text)
        if (closing.aborted) return end()
        stopTimer = timer(PROBE_HOLD_MS, end)
        closing.addEventListener('abort', end)
      },
      cut: () => sink.cut(),
    })
    return () => {
      release()
      stop()
    }
  }
}
