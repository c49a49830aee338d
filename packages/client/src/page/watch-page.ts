import { ATTENTION_INTERVAL_MS } from '@isthmus/protocol'

/** One look comes as several events, so shortly one after the other. */
const SAME_LOOK_MS = 500

/**
 * What the page tells: the machine's events of the same names. `looked-at`, at most once per few seconds: the user looks
 * at the page, the machine wakes up, or the network is back.
 */
export type FromPage = { readonly type: 'looked-at' | 'left' | 'restored' }

/** Listens until `signal` aborts. */
export function watchPage(onEvent: (event: FromPage) => void, signal: AbortSignal): void {
  const tell = (type: FromPage['type']) => (): void => onEvent({ type })
  const look = atMostEvery(ATTENTION_INTERVAL_MS, tell('looked-at'), signal)
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
  addEventListener('online', tell('looked-at'), { signal })
  addEventListener('pagehide', tell('left'), { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && onEvent({ type: 'restored' }), { signal })
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
