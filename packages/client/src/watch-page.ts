import { ATTENTION_INTERVAL_MS, TOUCH_INTERVAL_MS } from '@isthmus/protocol'

/** What the page tells of its user. */
export interface PageListeners {
  /** Somebody looks at the page, or the network is back; at most once per few seconds. */
  readonly onLook: () => void
  /** The page came back from the back-forward cache. */
  readonly onRestore: () => void
  /** The user does something; at most once a minute. */
  readonly onActive: () => void
  /** The user wrote something: leaving the page now would lose it. */
  readonly onEdit: () => void
}

/** Listens until `signal` aborts. */
export function watchPage({ onLook, onRestore, onActive, onEdit }: PageListeners, signal: AbortSignal): void {
  const look = atMostEvery(ATTENTION_INTERVAL_MS, onLook)
  const active = atMostEvery(TOUCH_INTERVAL_MS, onActive)
  const passive = { signal, passive: true, capture: true }
  const visible = (): void => {
    if (document.visibilityState === 'visible') look()
  }
  document.addEventListener('visibilitychange', visible, { signal })
  addEventListener('focus', look, { signal })
  addEventListener('online', onLook, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && onRestore(), { signal })
  for (const name of ['pointerdown', 'keydown', 'wheel', 'touchmove']) addEventListener(name, active, passive)
  addEventListener('input', ({ isTrusted }) => isTrusted && onEdit(), passive)
}

function atMostEvery(intervalMs: number, action: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - last < intervalMs) return
    last = now
    action()
  }
}
