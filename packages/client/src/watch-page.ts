import { ATTENTION_INTERVAL_MS, TOUCH_INTERVAL_MS } from '@isthmus/protocol'

/** What the page tells of its user. */
export interface PageListeners {
  /** Somebody looks at the page, or the network is back; at most once per few seconds. */
  readonly onLook: () => void
  /** The page is left, for good or for the back-forward cache. */
  readonly onLeave: () => void
  /** The page came back from the back-forward cache. */
  readonly onRestore: () => void
  /** The user does something; at most once a minute. */
  readonly onActive: () => void
  /** The user wrote something: leaving the page now would lose it. */
  readonly onEdit: () => void
}

/** Listens until `signal` aborts. */
export function watchPage({ onLook, onLeave, onRestore, onActive, onEdit }: PageListeners, signal: AbortSignal): void {
  const look = atMostEvery(ATTENTION_INTERVAL_MS, onLook, signal)
  let activeAt = Number.NEGATIVE_INFINITY
  const active = (): void => {
    if (performance.now() - activeAt < TOUCH_INTERVAL_MS) return
    activeAt = performance.now()
    onActive()
  }
  const passive = { signal, passive: true, capture: true }
  const visible = (): void => {
    if (document.visibilityState === 'visible') look()
  }
  document.addEventListener('visibilitychange', visible, { signal })
  addEventListener('focus', look, { signal })
  addEventListener('online', onLook, { signal })
  addEventListener('pagehide', onLeave, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && onRestore(), { signal })
  for (const name of ['pointerdown', 'keydown', 'wheel', 'touchmove']) addEventListener(name, active, passive)
  addEventListener('input', ({ isTrusted }) => isTrusted && onEdit(), passive)
}

/** Calls `action` at once, but not again within the interval: what is asked meanwhile happens at its end. */
function atMostEvery(intervalMs: number, action: () => void, signal: AbortSignal): () => void {
  let nextAt = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  function act(): void {
    timer = undefined
    nextAt = performance.now() + intervalMs
    if (!signal.aborted) action()
  }
  return () => {
    const waitMs = nextAt - performance.now()
    if (waitMs <= 0) act()
    else if (timer === undefined) timer = setTimeout(act, waitMs)
  }
}
