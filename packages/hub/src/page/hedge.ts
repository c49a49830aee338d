import { HEARTBEAT_MS } from '@isthmus/protocol'

/** An answer takes one round trip: over a connection that may be dead, this long is waited before another one is tried. */
const PATIENCE_MS = 1000

/** All kept connections may be dead, and browsers try those first. */
const ATTEMPTS = 4

/** Networks forget connections that carry nothing; what was heard a heartbeat ago is no sign that they still live. */
const QUIET_MS = HEARTBEAT_MS

/** Sends requests, and those that may wait in vain once more. */
export interface Hedge {
  /** The machine may have slept, or changed its network. */
  suspect(): void
  /** Resolves as the first of its attempts settles. The request must be one that does nothing twice. */
  send<T>(request: () => Promise<T>): Promise<T>
}

/**
 * A kept connection can die without a word, and what is sent over it waits in vain. A request that follows a sleep or a
 * long silence is therefore hedged: asked again beside, which takes another connection. Any other one is sent once, and
 * one to a hub that is known to be slow is hedged later, so that such a hub does not get more to do.
 */
export function createHedge(now: () => number = Date.now): Hedge {
  let heardAt = Number.NEGATIVE_INFINITY
  let patienceMs = PATIENCE_MS

  return {
    suspect() {
      heardAt = Number.NEGATIVE_INFINITY
    },
    send<T>(request: () => Promise<T>): Promise<T> {
      const sentAt = now()
      const suspicious = Math.abs(sentAt - heardAt) >= QUIET_MS
      const attempt = (): Promise<T> =>
        request().finally(() => {
          heardAt = now()
        })
      const first = attempt().finally(() => {
        // Its connection was not dead: that is how long the hub takes.
        patienceMs = Math.max(PATIENCE_MS, 2 * (now() - sentAt))
      })
      if (!suspicious) return first
      return new Promise<T>((resolve, reject) => {
        let timer: ReturnType<typeof setTimeout>
        const settle = (one: Promise<T>): void => {
          one.finally(() => clearTimeout(timer)).then(resolve, reject)
        }
        const waitFor = (times: number): void => {
          if (times === ATTEMPTS) return
          timer = setTimeout(() => {
            settle(attempt())
            waitFor(times + 1)
          }, patienceMs)
        }
        settle(first)
        waitFor(1)
      })
    },
  }
}
