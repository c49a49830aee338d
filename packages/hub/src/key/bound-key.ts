import { generateKeyPair } from 'dpop'
import { del, get, set } from 'idb-keyval'

/** A key that never leaves this partition, and the handle that the hub bound to it. */
export interface BoundKey {
  readonly pair: CryptoKeyPair
  readonly handle: string
}

/** The key of one site in this partition's IndexedDB. */
const nameOf = (site: string): string => `isthmus-key-${site}`

export async function loadKey(site: string): Promise<BoundKey | undefined> {
  const stored = await attempt(() => get<Partial<BoundKey>>(nameOf(site)))
  // Anybody on this origin could have written there: what is not a key and a handle is nothing.
  const { pair, handle } = stored ?? {}
  return pair?.privateKey instanceof CryptoKey && pair.publicKey instanceof CryptoKey && typeof handle === 'string'
    ? { pair, handle }
    : undefined
}

/** Where nothing can be kept, the key lives as long as the page. */
export async function saveKey(site: string, key: BoundKey): Promise<void> {
  await attempt(() => set(nameOf(site), key))
}

export async function forgetKey(site: string): Promise<void> {
  await attempt(() => del(nameOf(site)))
}

/** A fresh non-extractable P-256 key. */
export function createKey(): Promise<CryptoKeyPair> {
  return generateKeyPair('ES256')
}

/** A user may have switched storage off: every use can fail, and in Firefox throws at once. */
async function attempt<T>(use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use()
  } catch {
    return undefined
  }
}
