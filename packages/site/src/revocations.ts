import { LRUCache } from 'lru-cache'

/**
 * Where a site remembers what ended, until the last token of it has run out. In memory by default; a site of many
 * processes shares one, so that a logout told to one of them is known to all: `SET key at PXAT forgetAt` and `GET key`.
 */
export interface Revocations {
  /** Remembers a moment under a key until `forgetAt`; both in milliseconds since the epoch. */
  put(key: string, at: number, forgetAt: number): void | Promise<void>
  /** The moment that is remembered under the key, if any. */
  get(key: string): number | undefined | Promise<number | undefined>
}

/** Entries remembered by default: so many logouts within five minutes, at about 200 bytes each. */
const REVOCATIONS_LIMIT = 100_000

/** {@link Revocations} of one process. Beyond `limit` entries the one that was not used for the longest time is forgotten. */
export function memoryRevocations({
  limit = REVOCATIONS_LIMIT,
  clock = Date.now,
}: {
  readonly limit?: number
  readonly clock?: () => number
} = {}): Revocations {
  const entries = new LRUCache<string, { readonly at: number; readonly forgetAt: number }>({ max: limit })
  return {
    put: (key, at, forgetAt) => void entries.set(key, { at, forgetAt }),
    get(key) {
      const entry = entries.get(key)
      return entry && entry.forgetAt > clock() ? entry.at : undefined
    },
  }
}
