import { randomUUID } from 'node:crypto'
import { openEnvironment } from './lmdb-open.ts'
import { checkKey, checkPrefix, isAllowed, keyOf } from './steps.ts'
import type { Clock, Store, Stored } from './store.ts'
import { createTopics } from './topics.ts'

interface Row extends Stored {
  readonly expiresAt: number
}

/** A byte that UTF-8 never uses: it comes after all keys that begin alike. */
const LAST = 0xff

/** Entries deleted in one transaction; between two of them other work gets its turn. */
const SWEEP_BATCH = 500

/**
 * A {@link Store} in a folder of this machine, on LMDB: the default of a hub that runs as a single process.
 * A write that resolved is committed and flushed to disk.
 *
 * What is published reaches the subscribers of this one store object: a folder is for one process, which opens it
 * once. It has to be on a local disk; LMDB does not work on network file systems.
 *
 * @param options.path The folder. It is made, for this user only, if it is missing.
 * @throws IsthmusError `config-invalid` if the folder cannot be used.
 */
export function lmdbStore(options: { path: string; clock?: Clock }): Store {
  const clock = options.clock ?? Date.now
  const environment = openEnvironment(options.path)
  const entries = environment.openDB<Row, Uint8Array>('entries', { keyEncoding: 'binary' })
  // One key per entry: its expiry time, then its own key. Written in the transactions that write `entries`.
  const expiry = environment.openDB<true, Uint8Array>('expiry', { keyEncoding: 'binary' })
  const topics = createTopics()
  let closing: Promise<void> | undefined

  function checkOpen(): void {
    if (closing) throw new Error('The store is closed.')
  }

  /** Runs `work` in a transaction of its own: all that it writes, or nothing if it throws. */
  async function transact<T>(work: () => T): Promise<T> {
    checkOpen()
    try {
      return await environment.childTransaction(work)
    } catch (error) {
      throw await reasonOf(error)
    }
  }

  function read(key: string): Row | undefined {
    const row = entries.get(Buffer.from(checkKey(key)))
    return row && clock() < row.expiresAt ? row : undefined
  }

  function remove(key: string): void {
    const row = entries.get(Buffer.from(key))
    if (!row) return
    entries.removeSync(Buffer.from(key))
    expiry.removeSync(expiryKey(row.expiresAt, key))
  }

  function put(key: string, row: Row): void {
    remove(key)
    entries.putSync(Buffer.from(key), row)
    expiry.putSync(expiryKey(row.expiresAt, key), true)
  }

  return {
    async get(key) {
      checkOpen()
      const row = read(key)
      return row && { value: row.value, version: row.version }
    },

    write: (steps) =>
      transact(() => {
        if (!steps.every((step) => isAllowed(step, read(keyOf(step))))) return false
        for (const step of steps) {
          if ('delete' in step) remove(step.delete)
          else put(step.put, { value: step.value, version: randomUUID(), expiresAt: step.expiresAt })
        }
        return true
      }),

    take: (key) =>
      transact(() => {
        const row = read(key)
        if (row) remove(key)
        return row?.value
      }),

    async keys(prefix) {
      checkOpen()
      const start = Buffer.from(checkPrefix(prefix))
      const now = clock()
      const range = entries.getRange({ start, end: Buffer.from([...start, LAST]) })
      const live = [...range].filter(({ value }) => now < value.expiresAt)
      return live.map(({ key }) => Buffer.from(key).toString()).sort()
    },

    async publish(topic) {
      checkOpen()
      topics.publish(topic)
    },

    async subscribe(topic, listener) {
      checkOpen()
      return topics.subscribe(topic, listener)
    },

    async sweep() {
      checkOpen()
      const end = Buffer.from([...expiryKey(clock(), ''), LAST])
      let count = 0
      let batch: number
      do {
        batch = await transact(() => {
          const expired = [...expiry.getKeys({ end, limit: SWEEP_BATCH })]
          for (const key of expired) {
            expiry.removeSync(key)
            entries.removeSync(key.subarray(8))
          }
          return expired.length
        })
        count += batch
      } while (batch === SWEEP_BATCH && !closing)
      return count
    },

    close() {
      topics.clear()
      closing ??= environment.close()
      return closing
    },
  }
}

/** A failed commit tells why by a promise of its own; left alone, its rejection would end the process. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason)
  return new Error(`The store cannot write: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause })
}

/** Eight bytes that sort as the time does, then the key. */
function expiryKey(expiresAt: number, key: string): Buffer {
  const time = Buffer.alloc(8)
  time.writeDoubleBE(Math.max(expiresAt, 0))
  return Buffer.concat([time, Buffer.from(key)])
}
