import type { Timer } from '../timer.ts'

/** How a hub server stops taking requests before it ends. */
export interface Drain {
  /** Aborted when it begins: from then on requests are refused, and streams end. */
  readonly signal: AbortSignal
  /** Counts a request while it is under way. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Begins; resolves when no request is under way any more, or after so many milliseconds. May be repeated. */
  begin(graceMs: number): Promise<void>
}

export function createDrain(timer: Timer): Drain {
  const beginning = new AbortController()
  let underWay = 0
  const idle = new Set<() => void>()

  return {
    signal: beginning.signal,

    async during(work) {
      underWay += 1
      try {
        return await work()
      } finally {
        underWay -= 1
        if (underWay === 0) for (const tell of idle) tell()
      }
    },

    async begin(graceMs) {
      beginning.abort()
      if (underWay === 0) return
      let stopWaiting: (() => void) | undefined
      let tell: (() => void) | undefined
      await new Promise<void>((resolve) => {
        tell = resolve
        idle.add(resolve)
        stopWaiting = timer(graceMs, resolve)
      })
      stopWaiting?.()
      if (tell) idle.delete(tell)
    },
  }
}
