import { STREAM_SILENCE_MS } from '@isthmus/protocol'
import { createStreamKeeper, type Listener } from './keep-stream.ts'
import type { OpenStream } from './open-stream.ts'
import type { FromWorker, ToWorker, Wish } from './worker-messages.ts'

/** The Web Lock of a room; the worker that holds it leads. */
export interface Lock {
  /** Queues for the lock, or with `steal` takes it from its holder. `onHeld` lasts as long as it is held; rejects if it is stolen. */
  request(steal: boolean, signal: AbortSignal, onHeld: () => Promise<void>): Promise<void>
}

/** The BroadcastChannel of a room. */
export interface Channel {
  onmessage: ((event: { readonly data: InRoom }) => void) | null
  postMessage(message: InRoom): void
  close(): void
}

/** Worker → the other workers of its partition; all are one build on one origin. */
export type InRoom =
  /** A follower wants the stream of this session. */
  | { readonly type: 'want'; readonly sid: string }
  | { readonly type: 'wake'; readonly revision: number }
  /** The leader lives, and follows this session, or rests. */
  | { readonly type: 'lead'; readonly sid: string | undefined }
  | { readonly type: 'told'; readonly message: FromWorker }

/** A leader that lives answers a follower at once; one whose page is frozen does not. */
const PATIENCE_MS = 2000

/**
 * One stream for all pages of a partition whose browser shares no worker. Each page has a worker of its own; of these one
 * leads: it holds the stream, and tells the others.
 *
 * It must hold that
 * 1. no more than one stream is open for long, and one is open while any page follows a session;
 * 2. a leader that ends, freezes or is restored costs no page its news;
 * 3. the newest wish decides which session is followed, since only the page that asked last is known to prove it;
 * 4. no document holds the lock: Firefox would keep it out of the back-forward cache.
 *
 * Steps:
 * 1. The first wish of its page brings a worker into the room: it queues for the lock, and asks the leader.
 * 2. The worker that gets the lock leads: it opens the stream of its wish, says so, and passes on what it is told.
 * 3. A leader that is asked for its own session says again what it knows; asked for another one it only says that it leads.
 * 4. A worker whose page has just asked takes the lock from a leader that follows another session, or does not answer.
 * 5. Followers take it from a leader that they have not heard for as long as a stream may be silent.
 * 6. A leader whose lock is taken closes its stream and queues again; one whose page leaves gives the lock to the next.
 */
export function joinElection(page: Listener, channel: Channel, lock: Lock, openStream: OpenStream): StreamMember {
  let wish: Wish | undefined
  let queues = false
  let leads = false
  /** The page has just asked: its wish is newer than what the leader follows. */
  let insists = false
  let queued = new AbortController()
  let resign: () => void = () => {}
  let watchdog: ReturnType<typeof setTimeout> | undefined

  const everyone: Listener = {
    tell(message) {
      page.tell(message)
      channel.postMessage({ type: 'told', message })
    },
  }
  const keeper = createStreamKeeper(openStream, announce)

  channel.onmessage = ({ data }) => {
    if (leads) return lead(data)
    if (data.type !== 'lead' && data.type !== 'told') return
    if (data.type === 'told') {
      watch(STREAM_SILENCE_MS)
      page.tell(data.message)
      return
    }
    if (insists && data.sid !== wish?.sid) return queue(true)
    insists = false
    watch(data.sid === undefined ? undefined : STREAM_SILENCE_MS)
  }

  function announce(): void {
    if (leads) channel.postMessage({ type: 'lead', sid: keeper.followed() })
  }

  function lead(message: InRoom): void {
    if (message.type === 'wake') keeper.receive(everyone, message)
    // Said again to everyone: to most of them it is no news.
    if (message.type === 'want' && wish && message.sid === keeper.followed()) keeper.receive(everyone, wish)
    if (message.type === 'want' || message.type === 'wake') announce()
  }

  function queue(steal: boolean): void {
    queues = true
    insists = false
    queued.abort()
    queued = new AbortController()
    const { signal } = queued
    lock.request(steal, signal, hold).catch(() => {
      if (signal.aborted) return
      // Stolen: another worker leads now.
      stepDown()
      watch(STREAM_SILENCE_MS)
      queue(false)
    })
  }

  function hold(): Promise<void> {
    watch(undefined)
    leads = true
    insists = false
    if (wish) keeper.receive(everyone, wish)
    announce()
    return new Promise((resolve) => {
      resign = resolve
    })
  }

  function stepDown(): void {
    leads = false
    keeper.receive(everyone, { type: 'leave' })
  }

  /** Takes the lead where nothing is heard of the leader for so long. */
  function watch(silenceMs: number | undefined): void {
    clearTimeout(watchdog)
    if (silenceMs !== undefined) watchdog = setTimeout(queue, silenceMs, true)
  }

  return {
    receive(message) {
      if (message.type === 'follow') wish = message
      if (leads) return keeper.receive(everyone, message)
      if (message.type === 'follow') {
        if (!queues) queue(false)
        insists = true
        channel.postMessage({ type: 'want', sid: message.sid })
      } else {
        channel.postMessage(message)
      }
      watch(PATIENCE_MS)
    },
    leave() {
      watch(undefined)
      queued.abort()
      stepDown()
      resign()
      channel.close()
    },
  }
}

/** A page's worker in the election. */
export interface StreamMember {
  receive(message: Exclude<ToWorker, { type: 'leave' }>): void
  leave(): void
}
