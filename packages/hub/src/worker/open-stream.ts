import { siteAnswer } from 'virtual:isthmus/tables'
import {
  ENDPOINTS,
  FRAME_TIMEOUT_MS,
  pauseBefore,
  type SiteAnswer,
  STREAM_SILENCE_MS,
  type StreamStatus,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { createParser } from 'eventsource-parser'
import { type Asker, askerHeaders } from '../asker-headers.ts'
import type { BoundKey } from '../key/bound-key.ts'
import { fetchWithProof } from '../key/fetch-with-proof.ts'

/** One event stream that is kept open until it is closed, or until its session is over. */
export interface Stream {
  /** Tries again at once if it waits, or if it has been silent for too long. */
  wake(): void
  close(): void
}

/**
 * Holds the stream by `fetch`: EventSource carries no headers of its own, and fails in some workers.
 * A drop is followed by one quiet attempt; only when that fails the stream is `down`.
 */
export function openStream(
  asker: Asker,
  findKey: () => Promise<BoundKey | undefined>,
  keyed: boolean,
  onAnswer: (answer: SiteAnswer) => void,
  onStatus: (status: StreamStatus) => void,
): Stream {
  let closed = false
  let failures = 0
  let heardAt = 0
  let interrupt: () => void = () => {}

  void run()
  return {
    wake() {
      if (failures > 0 || performance.now() - heardAt > STREAM_SILENCE_MS) interrupt()
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
    interrupt = () => attempt.abort()
    let watchdog = setTimeout(interrupt, FRAME_TIMEOUT_MS)
    let over = false
    try {
      const { method, path } = ENDPOINTS.events
      const init = { method, headers: askerHeaders(asker), cache: 'no-store', signal: attempt.signal } as const
      const key = await findKey()
      // Without its proof the request would be somebody else's.
      if (keyed && !key) return false
      const response = await (key ? fetchWithProof(path, init, key.pair, key.handle) : fetch(path, init))
      if (!response.ok || !response.body) return false
      const parser = createParser({
        onEvent({ event, data }) {
          const answer = event === 'state' ? readAs(siteAnswer, parseJson(data)) : MISFIT
          if (answer === MISFIT) return
          failures = 0
          onStatus('open')
          onAnswer(answer as SiteAnswer)
          over ||= (answer as SiteAnswer).state.status !== 'signed-in'
        },
      })
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return over
        heardAt = performance.now()
        clearTimeout(watchdog)
        watchdog = setTimeout(interrupt, STREAM_SILENCE_MS)
        parser.feed(value)
      }
    } finally {
      clearTimeout(watchdog)
    }
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
