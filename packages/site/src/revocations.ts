import { LRUCache } from 'lru-cache'

/**
 * Where a site remembers what ended, until the last token of it has run out. In memory by default; a site of many
 * processes or machines shares one, so that a logout told to one of them is known to all. In Redis: `SET key at PXAT
 * forgetAt`, `GET key`, `SET key at NX PXAT forgetAt`, `DEL key`.
 *
 * It fails closed: if a method rejects, `verify` rejects too, and a logout is answered 500, so that the hub tries again.
 * A store that loses what it was told without a word, such as a cache that does nothing, must not be used.
 */
export interface Revocations {
  /** Remembers a moment under a key until `forgetAt`; both in milliseconds since the epoch. */
  put(key: string, at: number, forgetAt: number): void | Promise<void>
  /** The moment that is remembered under the key, if any. */
  get(key: string): number | undefined | Promise<number | undefined>
  /** As `put`, but only if there is nothing; whether there was nothing. One atomic step: of many at once one is told `true`. */
  add(key: string, at: number, forgetAt: number): boolean | Promise<boolean>
  /** Forgets a key. */
  delete(key: string): void | Promise<void>
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
  const memory = {
    put: (key: string, at: number, forgetAt: number): void => void entries.set(key, { at, forgetAt }),
    get(key: string): number | undefined {
      const entry = entries.get(key)
      return entry && entry.forgetAt > clock() ? entry.at : undefined
    },
    add(key: string, at: number, forgetAt: number): boolean {
      const isNew = memory.get(key) === undefined
      if (isNew) memory.put(key, at, forgetAt)
      return isNew
    },
    delete: (key: string): void => void entries.delete(key),
  }
  return memory
}
