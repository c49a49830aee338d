/** How many of something each key has now. */
export interface Tally {
  get(key: string | undefined): number
  add(key: string | undefined, change: 1 | -1): void
}

/** A tally that keeps no key which has none; what has no key is not counted. */
export function createTally(): Tally {
  const counts = new Map<string, number>()
  return {
    get: (key) => (key === undefined ? 0 : (counts.get(key) ?? 0)),
    add(key, change) {
      if (key === undefined) return
      const count = (counts.get(key) ?? 0) + change
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
    },
  }
}
