/**
 * Calls back once, after so many milliseconds; a call of the result gives that up. Keeps no process alive. What the hub
 * waits for, it waits for by this, so that tests let time pass by hand.
 */
export type Timer = (ms: number, act: () => void) => () => void

/** Node's own. */
export const startTimer: Timer = (ms, act) => {
  const timer = setTimeout(act, ms).unref()
  return () => clearTimeout(timer)
}

/** Acts every so many milliseconds, until the result is called. */
export function repeat(timer: Timer, everyMs: number, act: () => void): () => void {
  let giveUp: () => void
  const wait = (): void => {
    giveUp = timer(everyMs, () => {
      wait()
      act()
    })
  }
  wait()
  return () => giveUp()
}
