import { HEARTBEAT_MS } from '@isthmus/protocol'

/** An answer takes one round trip: over a connection that may be dead, this long is waited before another one is tried. */
const PATIENCE_MS = 1000

/** Browsers keep as many connections to a host as this, try those first, and open no other while all are taken. */
const CONNECTIONS = 6

/** Networks forget connections that carry nothing; what was heard a heartbeat ago is no sign that they still live. */
const QUIET_MS = HEARTBEAT_MS

/** Sends requests, and those that may wait in vain once more. */
export interface Hedge {
  /** The machine may have slept, or changed its network. */
  suspect(): void
  /** Resolves as the first of its attempts settles. The request must be one that does nothing twice, and end by the signal. */
  send<T extends NonNullable<unknown>>(request: Attempt<T>): Promise<T>
}

type Attempt<T> = (signal?: AbortSignal) => Promise<T>

/**
 * A kept connection can die without a word, and what is sent over it waits in vain. A request that follows a sleep or a
 * long silence is therefore hedged; any other one is sent once, and one to a hub that is known to be slow is hedged later,
 * so that such a hub does not get more to do.
 */
export function createHedge(now: () => number = Date.now): Hedge {
  let heardAt = Number.NEGATIVE_INFINITY
  let patienceMs = PATIENCE_MS

  return {
    suspect() {
      heardAt = Number.NEGATIVE_INFINITY
    },
    send<T extends NonNullable<unknown>>(request: Attempt<T>): Promise<T> {
      const sentAt = now()
      const isSuspicious = Math.abs(sentAt - heardAt) >= QUIET_MS
      const heard = (): void => {
        heardAt = now()
      }
      const first = request().finally(() => {
        heard()
        // Its connection was not dead: that is how long the hub takes.
        patienceMs = Math.max(PATIENCE_MS, 2 * (heardAt - sentAt))
      })
      return isSuspicious ? hedged(first, request, patienceMs).finally(heard) : first
    },
  }
}

/**
 * The outcome of a request, or of a copy of it. Each step waits for one:
 *
 * 1. A copy beside it takes another connection.
 * 2. As many copies as take all the connections that a browser keeps.
 * 3. All copies are aborted, which closes their connections, and one is sent anew, which opens one. The first request
 *    stays: where no connection was dead, the hub is slow, and that is the one that it answers first.
 */
async function hedged<T extends NonNullable<unknown>>(
  first: Promise<T>,
  request: Attempt<T>,
  patienceMs: number,
): Promise<T> {
  const copies = new AbortController()
  const attempts = [first]
  const outcome = (): Promise<T | undefined> =>
    Promise.race([...attempts, new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs))])
  try {
    for (const count of [1, CONNECTIONS - 2]) {
      const answer = await outcome()
      if (answer !== undefined) return answer
      for (let sent = 0; sent < count; sent++) attempts.push(request(copies.signal))
    }
    const answer = await outcome()
    if (answer !== undefined) return answer
  } finally {
    copies.abort()
  }
  return Promise.race([first, request()])
}
