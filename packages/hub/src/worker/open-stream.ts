import { siteAnswer } from 'virtual:isthmus/tables'
import {
  ENDPOINTS,
  FRAME_TIMEOUT_MS,
  HEARTBEAT_MS,
  pauseBefore,
  type SiteAnswer,
  STREAM_SILENCE_MS,
  type StreamStatus,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { createParser } from 'eventsource-parser'
import { embedderHeaders } from '../embedder.ts'
import { type KeyPart, loadKeyPart } from '../key/key-part.ts'
import type { Wish } from './worker-messages.ts'

/** One event stream that is kept open until it is closed, or until its session is over. */
export interface Stream {
  /**
   * The hub answered a page, with a state of this revision. Connects anew if it waits, if a heartbeat is overdue, or if it
   * does not say the same soon: connections can die without telling anybody.
   */
  wake(revision: number): void
  close(): void
}

/** A stream that lives says this long after an answer what the answer said. */
const SOON_MS = 2000

/** What becomes of a stream. */
export interface StreamEvents {
  onAnswer(answer: SiteAnswer): void
  onStatus(status: StreamStatus): void
  /** The hub was heard, be it by a heartbeat. */
  onAlive(): void
  /** The key that proves the session cannot be read here. */
  onKeyless(): void
}

export type OpenStream = (wish: Wish, events: StreamEvents) => Stream

/**
 * Holds the stream by `fetch`: EventSource carries no headers of its own, and fails in some workers.
 * A drop is followed by one quiet attempt; only when that fails the stream is `down`.
 */
export const openStream: OpenStream = (wish, { onAnswer, onStatus, onAlive, onKeyless }) => {
  let closed = false
  let failures = 0
  let heardAt = 0
  let said = 0
  let interrupt: () => void = () => {}

  void run()
  return {
    wake(revision) {
      // By the wall clock, which goes on while the machine sleeps.
      if (failures > 0 || Date.now() - heardAt > HEARTBEAT_MS + FRAME_TIMEOUT_MS) interrupt()
      else setTimeout(() => said < revision && interrupt(), SOON_MS)
    },
    close() {
      closed = true
      interrupt()
    },
  }

  async function run(): Promise<void> {
    while (!closed) {
      onStatus('connecting')
      if (await readToEnd().catch(() => false)) break
      if (closed) break
      if (++failures > 1) onStatus('down')
      await pause(pauseBefore(failures))
    }
    onStatus('idle')
  }

  /** Resolves with true after a state that nothing can follow. */
  async function readToEnd(): Promise<boolean> {
    const attempt = new AbortController()
    heardAt = Date.now()
    interrupt = () => attempt.abort()
    let watchdog = setTimeout(interrupt, FRAME_TIMEOUT_MS)
    let over = false
    try {
      const { method, path } = ENDPOINTS.events
      const headers = embedderHeaders(wish.embedder)
      const init = { method, headers, cache: 'no-store', signal: attempt.signal } as const
      const response = await (wish.keyed ? fetchWithKey(path, init) : fetch(path, init))
      if (!response?.ok || !response.body) return false
      const parser = createParser({
        onEvent({ event, data }) {
          const answer = event === 'state' ? readAs(siteAnswer, parseJson(data)) : MISFIT
          if (answer === MISFIT) return
          const { state } = answer as SiteAnswer
          failures = 0
          said = state.revision
          onStatus('open')
          onAnswer(answer as SiteAnswer)
          over ||= state.status !== 'signed-in'
        },
      })
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return over
        heardAt = Date.now()
        onAlive()
        clearTimeout(watchdog)
        watchdog = setTimeout(interrupt, STREAM_SILENCE_MS)
        parser.feed(value)
      }
    } finally {
      clearTimeout(watchdog)
    }
  }

  /** Without its proof the request would be of another session. */
  async function fetchWithKey(
    path: string,
    init: Parameters<KeyPart['fetchWithProof']>[1],
  ): Promise<Response | undefined> {
    const part = await loadKeyPart()
    part.startWithNonce(wish.nonce)
    const key = wish.key ?? (await part.loadKey(wish.embedder.site ?? ''))
    if (key) return part.fetchWithProof(path, init, key.pair, key.handle)
    onKeyless()
    return undefined
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
