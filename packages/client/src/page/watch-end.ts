import { EXPIRY_WARNING_MS, type Snapshot } from '@isthmus/protocol'

/** What `isthmus:expiring` tells. */
export interface Expiring {
  /** Until the session ends, if the user stays away. */
  readonly secondsLeft: number
}

/** Warns visible pages before the session ends; see {@link watchEnd}. */
export interface EndWatch {
  /** Looks at a new Snapshot. `aheadMs`: how far the hub's clock is ahead of this one. */
  look(snapshot: Snapshot, aheadMs: number): void
  stop(): void
}

/**
 * Fires `isthmus:expiring` on the document, once per end of a session, when it is near. The timer only warns, and asks:
 * whether the session is over, the hub alone says. `onEnd` is called when that should be asked.
 */
export function watchEnd(onEnd: () => void): EndWatch {
  let timer: ReturnType<typeof setTimeout> | undefined
  let warnedOf = 0

  function stop(): void {
    clearTimeout(timer)
  }

  return {
    stop,
    look(snapshot, aheadMs) {
      stop()
      if (snapshot.status !== 'signed-in') return
      const end = Math.min(snapshot.idleExpiresAt, snapshot.expiresAt)
      const untilEndMs = (): number => end - Date.now() - aheadMs
      const check = (): void => {
        const leftMs = untilEndMs()
        if (leftMs <= 0) {
          onEnd()
          return
        }
        if (leftMs <= EXPIRY_WARNING_MS && warnedOf !== end && document.visibilityState === 'visible') {
          warnedOf = end
          const detail: Expiring = { secondsLeft: Math.ceil(leftMs / 1000) }
          document.dispatchEvent(new CustomEvent('isthmus:expiring', { detail }))
        }
        // A page that becomes visible in the last minute is warned then.
        const nextMs = leftMs > EXPIRY_WARNING_MS ? leftMs - EXPIRY_WARNING_MS : Math.min(leftMs, 1000)
        timer = setTimeout(check, Math.min(nextMs, 2 ** 31 - 1))
      }
      check()
    },
  }
}
