import type { Clock } from './store/store.ts'
import type { Timer } from './timer.ts'

/** A clock and a timer that stand still, but for what a test lets pass. */
export interface HeldTime {
  readonly clock: Clock
  readonly timer: Timer
  /**
   * Lets time pass at a stroke, as it does for a machine that sleeps: each timer that has run out acts once, in the
   * order of their times, and what starts meanwhile starts now. A timer of no time waits for no passing.
   */
  pass(ms: number): void
}

export function holdTime(startMs: number): HeldTime {
  let now = startMs
  const waiting = new Map<object, { readonly at: number; readonly act: () => void }>()
  return {
    clock: () => now,
    timer(ms, act) {
      const key = {}
      waiting.set(key, { at: now + ms, act })
      if (ms <= 0) setImmediate(() => waiting.delete(key) && act())
      return () => void waiting.delete(key)
    },
    pass(ms) {
      now += ms
      const due = [...waiting].filter(([, { at }]) => at <= now).sort(([, one], [, two]) => one.at - two.at)
      // One that acts may give up another.
      for (const [key, { act }] of due) if (waiting.delete(key)) act()
    },
  }
}
