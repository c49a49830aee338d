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
   * @param parameters further ones
   */
  sign(typ: 'JWT' | 'logout+jwt', claims: JWTPayload, parameters?: Readonly<Record<string, number>>): Promise<string>
  /** The keys to verify with, of the past, the present and the near future. */
  published(): Promise<readonly PublishedKey[]>
  /** The names of those keys, and since when each signs, in milliseconds since the epoch. */
  list(): Promise<readonly KeyInfo[]>
  /**
   * Makes the next key now, ahead of its time: published at once, it signs after `KEY_LEAD_MS`, when every site has read
   * it. If one is waiting already, that one is meant.
   */
  rotate(): Promise<KeyInfo>
  /**
   * Throws a key away whose private half got into wrong hands; `false` if there is none of this name. Sites believe its
   * tokens until they read the keys again, ten minutes at most.
   */
  revoke(kid: string): Promise<boolean>
}

/** What the program may know of a key. */
export interface KeyInfo {
  readonly kid: string
  readonly signsFrom: number
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

  /** Changes the ring by compare and set; every server of the hub follows within a minute. */
  async function change(next: (ring: KeyRing, now: number) => KeyRing | Promise<KeyRing>): Promise<KeyRing> {
    await grown()
    for (;;) {
      const stored = await store.get(KEYS)
      const before: KeyRing = stored ? (JSON.parse(stored.value) as KeyRing) : []
      const after = await next(before, clock())
      const expiresAt = Math.max(...after.map(({ signsFrom }) => signsFrom)) + 2 * KEY_LIFETIME_MS + KEY_LEAD_MS
      const step = { put: KEYS, value: JSON.stringify(after), expiresAt, ifVersion: stored?.version ?? null }
      if (after !== before && !(await store.write([step]))) continue
      reading = Promise.resolve(after)
      readAt = clock()
      return after
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
    async sign(typ, claims, parameters) {
      // A ring that was read is never empty.
      const key = signingKey(await ring(), clock()) as StoredKey
      const header = { ...parameters, alg: 'ES256', kid: key.kid, typ }
      return new SignJWT(claims).setProtectedHeader(header).sign(await importKey(key))
    },
    published: async () => publishedKeys(await ring(), clock()),

    list: async () => (await ring()).map(({ kid, signsFrom }) => ({ kid, signsFrom })),

    async rotate() {
      const after = await change(async (before, now) => {
        const isWaiting = (before.at(-1)?.signsFrom ?? 0) > now
        return isWaiting ? before : withKey(before, await createKey(now + KEY_LEAD_MS), now)
      })
      const { kid, signsFrom } = after.at(-1) as StoredKey
      return { kid, signsFrom }
    },

    async revoke(kid) {
      let isKnown = false
      await change(async (before, now) => {
        isKnown = before.some((key) => key.kid === kid)
        if (!isKnown) return before
        const others = before.filter((key) => key.kid !== kid)
        // A key that was waiting signs at once: it is published already, and a new one is not.
        return others.length > 0 ? others : [await createKey(now)]
      })
      return isKnown
    },
  }
}

async function createKey(signsFrom: number): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const privateJwk = (await exportJWK(privateKey)) as JWK_EC_Private
  return { kid: await calculateJwkThumbprint(privateJwk), signsFrom, privateJwk }
}
