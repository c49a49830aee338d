import { ENDPOINTS, HEARTBEAT_MS, IsthmusError } from '@isthmus/protocol'
import { tooMany } from '../limits/limits.ts'
import { createTally } from '../limits/tally.ts'
import type { HubParts } from '../parts.ts'
import type { Proof } from '../requests/carriers.ts'
import type { Embedder } from '../requests/embedder.ts'
import type { Live, Sink } from '../responses/reply.ts'
import type { Session } from '../session/session.ts'

/** Sessions looked at, and streams of one session told, before what was written goes out. */
const BATCH = 64
/** A reader that lets this much wait is gone, or will never catch up: it comes back, and begins with the state of then. */
const PENDING_LIMIT_BYTES = 64 * 1024
/** A store that cannot be reached is asked again after this long. */
const STORE_RETRY_MS = 1000
/** Streams that a hub ends by itself come back over this time, and not all at once. */
const RETURN_WITHIN_MS = 5000

/** One that has as many streams as it may is asked to come back after this long. */
const FULL_RETRY_MS = 30_000

/** The open event streams of one hub server. */
export interface Streams {
  /**
   * An answer that tells the state now, and again at every change of the session; throws `too-many-requests` where the
   * session or the address has as many as it may.
   */
  open(proof: Proof | undefined, embedder: Embedder, address?: string): Live
  count(): number
}

interface Stream {
  readonly sink: Sink
  readonly embedder: Embedder
  readonly carrier: Proof['carrier'] | undefined
  readonly address: string | undefined
  /** The state that was told last. */
  sent: string | undefined
}

/** One session, and the streams that follow it: it is read once for all of them. */
interface Followed {
  readonly sid: string | undefined
  /** A guest has no row in the store until it signs in: it is what its carrier says. */
  readonly guest: Session | undefined
  readonly streams: Set<Stream>
  /** Streams that the next look is for. */
  readonly waiting: Set<Stream>
  /** The subscription, once it is in force; nothing is followed for a browser without a session. */
  readonly following: Promise<() => void> | undefined
  stopTimer: (() => void) | undefined
  /** When this server heard of a change that not all streams have been told of. */
  changedAt: number | undefined
}

type StreamsParts = Pick<HubParts, 'settings' | 'sites' | 'sessions' | 'answer' | 'events' | 'metrics' | 'draining'>

/**
 * Requirements: every stream begins with the state of a moment after its subscription, so that no change falls between;
 * a change costs one read of the store for each session; what is known is sent before the rest is computed; a stream
 * ends after a state other than signed-in, when its site is taken off the list, and when its reader takes nothing.
 *
 * A ring (a change, a heartbeat, the end of a session, a new stream) puts the streams that it is for on a waiting list
 * and the session into the queue. One worker takes sessions from it, some at a time, and lets the event loop turn
 * between them.
 */
export function createStreams(parts: StreamsParts): Streams {
  const { settings, sites, sessions, answer, events, metrics, draining } = parts
  const followed = new Map<string | undefined, Followed>()
  const queue = new Set<Followed>()
  const { limits } = settings
  const ofAddress = createTally()
  let count = 0
  let working = false

  function ring(one: Followed, streams: Iterable<Stream>): void {
    for (const stream of streams) one.waiting.add(stream)
    queue.add(one)
    if (!working) void work()
  }

  /** The session has changed: all its streams are told. */
  function announce(one: Followed): void {
    one.changedAt ??= performance.now()
    ring(one, one.streams)
  }

  async function work(): Promise<void> {
    working = true
    while (queue.size > 0) {
      const batch = [...queue].slice(0, BATCH)
      for (const one of batch) queue.delete(one)
      await Promise.all(batch.map(look))
      await new Promise((resolve) => setImmediate(resolve))
    }
    working = false
  }

  /** Tells the waiting streams of a session the state now. */
  async function look(one: Followed): Promise<void> {
    const waiting = [...one.waiting].slice(0, BATCH)
    for (const stream of waiting) one.waiting.delete(stream)
    try {
      const session = one.sid === undefined ? undefined : ((await sessions.get(one.sid)) ?? one.guest)
      for (const stream of waiting) if (one.streams.has(stream)) await tell(stream, session, one)
    } catch (error) {
      if (error instanceof IsthmusError && error.code === 'unreachable') lookLater(one)
      else fail(one, error)
    }
    if (one.waiting.size > 0) queue.add(one)
    else one.changedAt = undefined
  }

  async function tell(stream: Stream, session: Session | undefined, one: Followed): Promise<void> {
    const { embedder, carrier, sink } = stream
    // As it is registered now: a site that was taken off the list is told nothing more.
    const site = await sites.byOrigin(embedder.origin, embedder.site.id)
    if (!site) return end(stream, one)
    const told = await answer(session && carrier && { carrier, session }, { ...embedder, site })
    if (!one.streams.has(stream)) return
    if (sink.pendingBytes > PENDING_LIMIT_BYTES) {
      forget(stream, one)
      sink.cut()
      return
    }
    const data = JSON.stringify(told)
    const isPush = stream.sent !== undefined && data !== stream.sent
    if (isPush && one.changedAt !== undefined) metrics?.pushed((performance.now() - one.changedAt) / 1000)
    const text = data === stream.sent ? ': still here\n\n' : `event: state\ndata: ${data}\n\n`
    if (told.state.status !== 'signed-in') return end(stream, one, text)
    sink.write(text)
    stream.sent = data
    wake(one, Math.min(told.state.expiresAt, told.state.idleExpiresAt))
  }

  /** Looks again when the session may have run out, and at every heartbeat. */
  function wake(one: Followed, endsAt: number): void {
    one.stopTimer?.()
    const ms = Math.max(0, Math.min(HEARTBEAT_MS, endsAt - settings.clock()))
    one.stopTimer = settings.timer(ms, () => ring(one, one.streams))
  }

  /** The store is away for a moment: the streams stay, and are told what they missed when it is back. */
  function lookLater(one: Followed): void {
    one.waiting.clear()
    one.stopTimer?.()
    one.stopTimer = settings.timer(STORE_RETRY_MS, () => ring(one, one.streams))
  }

  function end(stream: Stream, one: Followed, lastText?: string): void {
    if (forget(stream, one)) stream.sink.end(lastText)
  }

  /** The streams break off, and their readers come back. A hub that ends may have a closed store. */
  function fail(one: Followed, error: unknown): void {
    if (!draining.aborted && one.streams.size > 0) events.emit('error', { error, path: ENDPOINTS.events.path })
    for (const stream of one.streams) end(stream, one)
  }

  /** `false` if it was forgotten before. */
  function forget(stream: Stream, one: Followed): boolean {
    if (!one.streams.delete(stream)) return false
    count -= 1
    ofAddress.add(stream.address, -1)
    one.waiting.delete(stream)
    if (one.streams.size > 0) return true
    one.stopTimer?.()
    one.following?.then(
      (unfollow) => unfollow(),
      () => undefined,
    )
    if (followed.get(one.sid) === one) followed.delete(one.sid)
    return true
  }

  function follow(sid: string | undefined, guest: Session | undefined): Followed {
    const known = followed.get(sid)
    if (known) return known
    const one: Followed = {
      sid,
      guest,
      streams: new Set(),
      waiting: new Set(),
      following: sid === undefined ? undefined : sessions.follow(sid, () => announce(one)),
      stopTimer: undefined,
      changedAt: undefined,
    }
    followed.set(sid, one)
    return one
  }

  async function start(stream: Stream, one: Followed): Promise<void> {
    try {
      // Followed before the first state is read: a change in between rings.
      await one.following
      if (one.streams.has(stream)) ring(one, [stream])
    } catch (error) {
      fail(one, error)
    }
  }

  draining.addEventListener('abort', () => {
    for (const one of followed.values()) {
      for (const stream of one.streams) {
        end(stream, one, `retry: ${Math.ceil(Math.random() * RETURN_WITHIN_MS)}\n\n`)
      }
    }
  })

  return {
    count: () => count,

    open(proof, embedder, address) {
      // Not the session of a user: it would be kept as it was for as long as the stream is open.
      const sid = proof?.session.sid
      const guest = proof && proof.session.sub === undefined ? proof.session : undefined
      const carrier = proof?.carrier
      const ofSession = sid === undefined ? 0 : (followed.get(sid)?.streams.size ?? 0)
      if (ofSession >= limits.streamsPerSession || ofAddress.get(address) >= limits.streamsPerAddress) {
        throw tooMany(FULL_RETRY_MS)
      }
      return (sink) => {
        const stream: Stream = { sink, embedder, carrier, address, sent: undefined }
        if (draining.aborted) {
          sink.end()
          return () => undefined
        }
        const one = follow(sid, guest)
        one.streams.add(stream)
        count += 1
        ofAddress.add(address, 1)
        void start(stream, one)
        return () => void forget(stream, one)
      }
    },
  }
}
