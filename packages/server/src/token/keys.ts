import { KEY_LEAD_MS, KEY_LIFETIME_MS, KEYS_FRESH_MS } from '@isthmus/protocol'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK_EC_Private,
  type JWTPayload,
  SignJWT,
} from 'jose'
import type { Clock, Store } from '../store/store.ts'
import {
  type KeyRing,
  nextKeyDue,
  type PublishedKey,
  publishedKeys,
  type StoredKey,
  signingKey,
  withKey,
} from './key-ring.ts'

/** The keys that the hub signs with: made when first needed, kept in the store, the same for all servers of the hub. */
export interface TokenKeys {
  /**
   * Signs a JWT (RFC 7515) with the key of the time.
   *
   * @param typ Header parameter that keeps tokens of different purposes apart (RFC 8725 §3.11).
   */
  sign(typ: 'JWT' | 'logout+jwt', claims: JWTPayload): Promise<string>
  /** The keys to verify with, of the past, the present and the near future. */
  published(): Promise<readonly PublishedKey[]>
}

const KEYS = 'token/keys'

export function createTokenKeys({ store, clock }: { store: Store; clock: Clock }): TokenKeys {
  const imported = new Map<string, Promise<CryptoKey>>()
  let reading: Promise<KeyRing> | undefined
  let readAt = 0

  /** The ring, read at most once a minute, and grown if it is time. */
  function ring(): Promise<KeyRing> {
    const now = clock()
    if (!reading || now - readAt >= KEYS_FRESH_MS || now < readAt) {
      readAt = now
      const previous = reading
      // A store that fails for a moment makes no signature invalid.
      reading = grown().catch((error: unknown) => {
        if (previous) return previous
        reading = undefined
        throw error
      })
    }
    return reading
  }

  /** Rotation needs no timer: whoever reads the ring when a key is due makes it. Of many servers at once one wins, and all use its key. */
  async function grown(): Promise<KeyRing> {
    for (;;) {
      const stored = await store.get(KEYS)
      const before: KeyRing = stored ? (JSON.parse(stored.value) as KeyRing) : []
      const now = clock()
      const due = nextKeyDue(before, now)
      if (due === undefined) return before
      const after = withKey(before, await createKey(due), now)
      const expiresAt = due + 2 * KEY_LIFETIME_MS + KEY_LEAD_MS
      const value = JSON.stringify(after)
      if (await store.write([{ put: KEYS, value, expiresAt, ifVersion: stored?.version ?? null }])) return after
    }
  }

  function importKey({ kid, privateJwk }: StoredKey): Promise<CryptoKey> {
    const known = imported.get(kid)
    if (known) return known
    const key = importJWK(privateJwk, 'ES256') as Promise<CryptoKey>
    imported.set(kid, key)
    return key
  }

  return {
    async sign(typ, claims) {
      // A ring that was read is never empty.
      const key = signingKey(await ring(), clock()) as StoredKey
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid, typ }).sign(await importKey(key))
    },
    published: async () => publishedKeys(await ring(), clock()),
  }
}

async function createKey(signsFrom: number): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const privateJwk = (await exportJWK(privateKey)) as JWK_EC_Private
  return { kid: await calculateJwkThumbprint(privateJwk), signsFrom, privateJwk }
}
