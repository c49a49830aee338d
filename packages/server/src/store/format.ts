import { IsthmusError, TOMBSTONE_LIFETIME_MS } from '@isthmus/protocol'
import type { Session } from '../session/session.ts'
import type { Store } from './store.ts'

/** The key under which a store says in which format its entries are. */
const FORMAT_KEY = 'hub/format'

type Access = Pick<Store, 'get' | 'keys' | 'write'>

/** What leads from each format to the next: the first one from 0, which is that of version 0.1.0 and of an empty store. */
const MIGRATIONS: readonly ((store: Access) => Promise<void>)[] = [completeSessions]

/** The format that this version of the hub reads and writes. */
export const FORMAT: number = MIGRATIONS.length

/**
 * Brings a store to the format of this version. Each migration may be done twice, by two servers or after a crash:
 * that it is done is written last.
 *
 * @throws IsthmusError `config-invalid` if a later version has written it: nothing is changed then.
 */
export async function checkFormat(store: Access): Promise<void> {
  const stored = await store.get(FORMAT_KEY)
  const found = stored ? (JSON.parse(stored.value) as number) : 0
  if (found > FORMAT) {
    const words = `its data has format ${found}, of a later version; this one reads ${FORMAT} at most`
    throw new IsthmusError(
      'config-invalid',
      `createHub: store: ${words}. Start that version again, or name another store.`,
    )
  }
  if (found === FORMAT) return
  for (const migrate of MIGRATIONS.slice(found)) await migrate(store)
  const value = JSON.stringify(FORMAT)
  const expiresAt = Number.MAX_SAFE_INTEGER
  // Another server may have been first.
  await store.write([{ put: FORMAT_KEY, value, expiresAt, ifVersion: stored?.version ?? null }])
}

/** Format 1: a session says when it was active, on which device, and which sites were told of it. */
async function completeSessions(store: Access): Promise<void> {
  for (const key of await store.keys('session/')) {
    const stored = await store.get(key)
    if (!stored) continue
    const session = JSON.parse(stored.value) as Session
    const missing = { seenAt: 0, device: {}, sites: {} }
    const value = JSON.stringify({ ...missing, ...session })
    const expiresAt = Math.max(session.expiresAt, session.end?.at ?? 0) + TOMBSTONE_LIFETIME_MS
    if (value.length !== stored.value.length) {
      await store.write([{ put: key, value, expiresAt, ifVersion: stored.version }])
    }
  }
}
