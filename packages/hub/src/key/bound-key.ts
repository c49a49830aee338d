import { generateKeyPair } from 'dpop'
import { del, get, promisifyRequest, set, type UseStore } from 'idb-keyval'
import { markKey } from './key-mark.ts'
import { openOnce } from './open-once.ts'

/** A key that never leaves this partition, and the handle that the hub bound to it. */
export interface BoundKey {
  readonly pair: CryptoKeyPair
  readonly handle: string
}

const DATABASE = 'isthmus'
const STORE = 'keys'

/** Another page can hold a database for ever, and browsers have been seen to hang here: then there is none. */
const PATIENCE_MS = 1000

/** The key of one site in this partition; whatever else lies there is rejected, by whoever may judge: to workers WebKit gives no key. */
export async function loadKey(site: string, reject?: (site: string) => Promise<void>): Promise<BoundKey | undefined> {
  const stored: unknown = await attempt(() => get(site, keys))
  if (stored === undefined) return undefined
  // Anybody on this origin could have written there.
  const { pair, handle } = Object(stored) as Partial<BoundKey>
  const fits = isOurs(pair?.privateKey, 'private') && isOurs(pair?.publicKey, 'public')
  if (pair && fits && typeof handle === 'string' && /^[\w-]{43}$/.test(handle)) return { pair, handle }
  await reject?.(site)
  return undefined
}

/** Where nothing can be kept, the key lives as long as the page. */
export async function saveKey(site: string, key: BoundKey): Promise<void> {
  markKey(site, true)
  await attempt(() => set(site, key, keys))
}

export async function forgetKey(site: string): Promise<void> {
  markKey(site, false)
  await attempt(() => del(site, keys))
}

/** Forgets what cannot have been saved here, and says so. */
export async function rejectKey(site: string): Promise<void> {
  reportCorrupt(`the key of ${site}`)
  await forgetKey(site)
}

/** A fresh non-extractable P-256 key. */
export function createKey(): Promise<CryptoKeyPair> {
  return generateKeyPair('ES256')
}

function isOurs(key: unknown, type: KeyType): boolean {
  if (!(key instanceof CryptoKey)) return false
  const { namedCurve } = key.algorithm as EcKeyAlgorithm
  return key.type === type && key.extractable === (type === 'public') && namedCurve === 'P-256' && key.usages.length > 0
}

/** Kept open: in WebKit the database of a partition is gone as soon as no page has it open. */
const open = openOnce(openDatabase)

const keys: UseStore = async (mode, act) => {
  const database = await inTime(open())
  return act(database.transaction(STORE, mode).objectStore(STORE))
}

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = await promisifyRequest(opening)
  // Another page makes it anew.
  database.onversionchange = close
  database.onclose = close
  return database
}

function close(): void {
  open.forget()?.then(
    (database) => database.close(),
    () => {},
  )
}

/** A user may have switched storage off: every use can fail, and in Firefox throws at once. */
async function attempt<T>(use: () => Promise<T>, heals = true): Promise<T | undefined> {
  try {
    return await use()
  } catch (error) {
    // Another structure than ours: the database is made anew.
    if (!heals || !/^(?:NotFound|Data)Error$/.test(String((error as Error | undefined)?.name))) return undefined
    reportCorrupt('the database')
    close()
    return attempt(async () => {
      await inTime(promisifyRequest(indexedDB.deleteDatabase(DATABASE)))
      return use()
    }, false)
  }
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([promise, new Promise<never>((_, reject) => setTimeout(reject, PATIENCE_MS))])
}

function reportCorrupt(what: string): void {
  console.warn(`isthmus: storage-corrupt: IndexedDB ${DATABASE}: ${what} is not what was put there. It was removed.`)
}
