import { pauseBefore, type SiteAnswer, type StreamStatus } from '@isthmus/protocol'
import type { Embedder } from '../embedder-headers.ts'
import type { BoundKey } from '../key/bound-key.ts'
import { latestNonce } from '../key/fetch-with-proof.ts'
import type { FromWorker, ToWorker } from '../worker/worker-messages.ts'

/** What the page does with the stream that its worker holds. */
export interface StreamFollower {
  /** Follows the session of this answer, or stops if there is nothing to follow. No news if it is followed already. */
  follow(answer: SiteAnswer): void
  /** Whether it is the session of this answer that is followed. */
  follows(answer: SiteAnswer): boolean
  /** The hub answered: a stream that waits for its next attempt, or knows less, need not. */
  wake(answer: SiteAnswer): void
  /** The same session once more: another carrier may get through. */
  again(): void
  /** Gives up the shared worker for one of this page's own: there are browsers in which only that one gets through. */
  standAlone(): void
  leave(): void
}

/**
 * A worker answers at once. One that is silent for this long never will: in Firefox a shared one is, once the frame was
 * given the hub's own cookies.
 */
const PATIENCE_MS = 2000

/** The worker belongs to the partition where SharedWorkers work, and to this page where they do not. */
export function followStream(
  worker: string,
  embedder: Embedder,
  key: () => BoundKey | undefined,
  onAnswer: (answer: SiteAnswer) => void,
  onStatus: (status: StreamStatus) => void,
): StreamFollower {
  let link: MessagePort | Worker | undefined
  let following: ToWorker = { type: 'leave' }
  let share = typeof SharedWorker === 'function'
  let heard = false
  /** Workers in a row whose script did not get through. */
  let losses = 0

  function tell(message: ToWorker): void {
    try {
      link ??= connect(message.type === 'follow' ? nameOf(message.embedder) : '')
    } catch {
      // Where the user has switched storage off, Firefox refuses shared workers.
      standAlone()
      return
    }
    link.postMessage(message)
    if (message.type !== 'follow') return
    heard = false
    if (!share) return
    const asked = link
    setTimeout(() => heard || link !== asked || following !== message || standAlone(), PATIENCE_MS)
  }

  function standAlone(): void {
    if (!share) return
    share = false
    hangUp()
    if (following.type !== 'follow') return
    following = { ...following, key: key() }
    tell(following)
  }

  function connect(name: string): MessagePort | Worker {
    const opened = share ? new SharedWorker(worker, name) : new Worker(worker)
    const port = 'port' in opened ? opened.port : opened
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      heard = true
      losses = 0
      if (data.type === 'answer') onAnswer(data.answer)
      else onStatus(data.status)
    }
    opened.onerror = () => heard || port !== link || lose()
    return port
  }

  /** The hub went away before the worker's script was here: the page says what the worker cannot, and tries again. */
  function lose(): void {
    hangUp()
    if (++losses > 1) onStatus('down')
    setTimeout(() => link || following.type !== 'follow' || tell(following), pauseBefore(losses))
  }

  function hangUp(): void {
    if (!link) return
    link.postMessage({ type: 'leave' } satisfies ToWorker)
    if ('terminate' in link) link.terminate()
    else link.close()
    link = undefined
  }

  // Chromium drops a page from the back-forward cache when a shared worker writes to it there.
  const listening = new AbortController()
  addEventListener('pagehide', hangUp, listening)
  addEventListener(
    'pageshow',
    ({ persisted }) => persisted && following.type === 'follow' && tell(following),
    listening,
  )

  return {
    follow({ site, state }) {
      const next: ToWorker =
        state.status === 'signed-in'
          ? {
              type: 'follow',
              embedder: { ...embedder, site },
              sid: state.sid,
              keyed: key() !== undefined,
              key: share ? undefined : key(),
              nonce: latestNonce(),
            }
          : { type: 'leave' }
      if (sidOf(next) === sidOf(following)) return
      following = next
      tell(next)
    },
    follows({ state }) {
      return state.status === 'signed-in' && state.sid === sidOf(following)
    },
    wake({ state }) {
      if (following.type === 'follow') link?.postMessage({ type: 'wake', revision: state.revision } satisfies ToWorker)
    },
    again: () => tell(following),
    standAlone,
    leave() {
      listening.abort()
      following = { type: 'leave' }
      hangUp()
    },
  }
}

/**
 * Neighbours below one registrable domain share a partition: the worker is named by its site. And a page that did not
 * ask for tokens does not get those of the next tab.
 */
function nameOf({ site, wantsToken }: Embedder): string {
  return `isthmus-${site}${wantsToken ? '-token' : ''}`
}

function sidOf(message: ToWorker): string | undefined {
  return message.type === 'follow' ? message.sid : undefined
}
