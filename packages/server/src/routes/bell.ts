/** Wakes one sleeper; a ring while nobody sleeps is kept for the next. */
export interface Bell {
  readonly ring: () => void
  /** Resolves at the next ring. */
  readonly wait: () => Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait() {
      if (!rung) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      rung = false
      wake = undefined
    },
  }
}
