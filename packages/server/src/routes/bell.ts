/** Wakes one sleeper; a ring while nobody sleeps is kept for the next. */
export interface Bell {
  readonly ring: () => void
  /** Resolves at the next ring, or after `timeoutMs`. */
  readonly wait: (timeoutMs: number) => Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait(timeoutMs) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      rung = false
      wake = undefined
    },
  }
}
