import { ATTENTION_INTERVAL_MS } from '@isthmus/protocol'

/** One look comes as several events, so shortly one after the other. */
const SAME_LOOK_MS = 500

/** What the page tells of its user. */
export interface PageListeners {
  /** Somebody looks at the page, the machine wakes up, or the network is back; at most once per few seconds. */
  readonly onLook: () => void
  /** The page is left, for good or for the back-forward cache. */
  readonly onLeave: () => void
  /** The page came back from the back-forward cache. */
  readonly onRestore: () => void
  /** The user does something; with every key and every turn of the wheel. */
  readonly onActive: () => void
  /** The user wrote something: leaving the page now would lose it. */
  readonly onEdit: () => void
}

/** Listens until `signal` aborts. */
export function watchPage({ onLook, onLeave, onRestore, onActive, onEdit }: PageListeners, signal: AbortSignal): void {
  const look = atMostEvery(ATTENTION_INTERVAL_MS, onLook, signal)
  const passive = { signal, passive: true, capture: true }
  // A machine that slept tells nobody; but its timers stood still, and its clock went on. Hidden pages ask when they are shown.
  let tickedAt = Date.now()
  const visible = (): void => {
    tickedAt = Date.now()
    if (document.visibilityState === 'visible') look()
  }
  const ticking = setInterval(() => {
    if (Date.now() - tickedAt > 2 * ATTENTION_INTERVAL_MS) visible()
    else tickedAt = Date.now()
  }, ATTENTION_INTERVAL_MS)
  signal.addEventListener('abort', () => clearInterval(ticking))
  document.addEventListener('visibilitychange', visible, { signal })
  addEventListener('focus', look, { signal })
  addEventListener('online', onLook, { signal })
  addEventListener('pagehide', onLeave, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && onRestore(), { signal })
  for (const name of ['pointerdown', 'keydown', 'wheel', 'touchmove']) addEventListener(name, onActive, passive)
  addEventListener('input', ({ isTrusted }) => isTrusted && onEdit(), passive)
}

/** Calls `action` at once, but not again within the interval: what is asked meanwhile happens at its end. */
function atMostEvery(intervalMs: number, action: () => void, signal: AbortSignal): () => void {
  let actedAt = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  function act(): void {
    clearTimeout(timer)
    timer = undefined
    actedAt = Date.now()
    if (!signal.aborted) action()
  }
  return () => {
    // By the wall clock, which goes on while the machine sleeps. It may be set back.
    const sinceMs = Math.abs(Date.now() - actedAt)
    if (sinceMs >= intervalMs) act()
    else if (sinceMs > SAME_LOOK_MS) timer ??= setTimeout(act, intervalMs - sinceMs)
  }
}
