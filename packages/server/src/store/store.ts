import type { Bound, Limiter } from '../limits/limiter.ts'

/** A value as a store keeps it: JSON text, with a version that changes on every write of its key. */
export interface Stored {
  readonly value: string
  /** Opaque; compare for equality only. */
  readonly version: string
}

/** One step of a {@link Store.write}: put a value, or delete a key. */
export type Write =
  | {
      readonly put: string
      readonly value: string
      /** When the entry stops to exist, in milliseconds since the epoch. */
      readonly expiresAt: number
      /** Write only if the key still holds this version; `null`: only if the key holds nothing. */
      readonly ifVersion?: string | null
    }
  | { readonly delete: string }

/**
 * Where a hub keeps what it must not forget: a small, ordered key-value store with expiry, atomic batches,
 * an atomic take and publish/subscribe. Sessions and tickets are built on it once, for every store alike.
 *
 * A promise that resolves means the data is stored: it survives the process being killed (the memory store excepted).
 * One that rejects because of the key (TypeError) or the state of the store (Error) means nothing was stored; one that
 * rejects because the disk or the network failed may leave that open.
 *
 * Keys are well-formed Unicode of 1 to 1024 bytes in UTF-8. An entry exists until its `expiresAt`, and no longer at it.
 */
export interface Store {
  /** The value of a key, or `undefined` if there is none or it has expired. */
  get(key: string): Promise<Stored | undefined>
  /**
   * All steps or none, in their order. `false`, and nothing written, if one `ifVersion` does not hold; each is compared
   * with what its key held before the first step.
   */
  write(steps: readonly Write[]): Promise<boolean>
  /** Reads and deletes in one atomic step: of any number of callers at once, exactly one gets the value. */
  take(key: string): Promise<string | undefined>
  /** All live keys that begin with `prefix`, in ascending order of UTF-16 code units, as `sort()` has it. */
  keys(prefix: string): Promise<readonly string[]>
  /**
   * Tells every subscriber of `topic`, in this process and in any other that shares the store. Listeners run after the
   * call, each apart from the others.
   */
  publish(topic: string): Promise<void>
  /** Resolves once the subscription is in force; call the result to end it. */
  subscribe(topic: string, listener: () => void): Promise<() => void>
  /** Deletes what has expired; the number of entries deleted. Stores that expire by themselves return 0. */
  sweep(): Promise<number>
  /** A limiter whose counts all hub servers of this store share. Absent: each server counts by itself. */
  limiter?(bound: Bound): Limiter
  /** Ends subscriptions, finishes what is under way, refuses all later calls; a sweep stops early. May be repeated. */
  close(): Promise<void>
}

/** The clock of a hub and its store, in milliseconds since the epoch; tests hold it. */
export type Clock = () => number
