import type { Clock } from '../store/store.ts'

/** Lets so many things a minute happen under each name, evenly: what is saved up is one minute's worth at most. */
export interface RateLimit {
  /** Takes one, if there is one left. */
  take(name: string): boolean
}

const MINUTE_MS = 60_000

/** Names have to come from the configuration: each is kept for ever. */
export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  const left = new Map<string, { readonly count: number; readonly at: number }>()
  return {
    take(name) {
      const now = clock()
      const { count, at } = left.get(name) ?? { count: perMinute, at: now }
      const saved = Math.min(perMinute, count + (Math.max(0, now - at) / MINUTE_MS) * perMinute)
      const isThere = saved >= 1
      left.set(name, { count: isThere ? saved - 1 : saved, at: now })
      return isThere
    },
  }
}
