import { IsthmusError, KEY_LEAD_MS, KEY_LIFETIME_MS, KEYS_FRESH_MS } from '@isthmus/protocol'
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
  publicHalf,
  publishedKeys,
  type StoredKey,
  signingKey,
  withKey,
} from './key-ring.ts'
import type { KeySeal } from './key-seal.ts'

/** The keys that the hub signs with: made when first needed, kept in the store, the same for all servers of the hub. */
export interface TokenKeys {
  /**
   * Signs a JWT (RFC 7515) with the key of the time.
   *
   * @param typ Header parameter that keeps tokens of different purposes apart (RFC 8725 §3.11).
   * @param parameters further ones
   */
  sign(typ: 'JWT' | 'logout+jwt', claims: JWTPayload, parameters?: Readonly<Record<string, number>>): Promise<string>
  /** The name of the key that signs now. */
  signingWith(): Promise<string>
  /** The keys to verify with, of the past, the present and the near future. */
  published(): Promise<readonly PublishedKey[]>
  /** Throws `config-invalid` if the stored keys cannot be opened; makes none. */
  check(): Promise<void>
  /** The names of those keys, since when each signs, and whether it is sealed. */
  list(): Promise<readonly KeyInfo[]>
  /**
   * Makes the next key now, ahead of its time: published at once, it signs after `KEY_LEAD_MS`, when every site has read
   * it. If one is waiting already, that one is meant.
   */
  rotate(): Promise<KeyInfo>
  /**
   * Throws a key away whose private half got into wrong hands; `false` if there is none of this name. Every server of
   * the hub, and every site that reaches it, follows within a minute.
   */
  revoke(kid: string): Promise<boolean>
}

/** What the program may know of a key. */
export interface KeyInfo {
  readonly kid: string
  /** Milliseconds since the epoch. */
  readonly signsFrom: number
  /** Whether its private half stands in the store as {@link HubConfig.keySeal} seals it. */
  readonly sealed: boolean
}

interface Settings {
  readonly store: Store
  readonly clock: Clock
  readonly keySeal?: KeySeal | undefined
}

const KEYS = 'token/keys'

export function createTokenKeys({ store, clock, keySeal }: Settings): TokenKeys {
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
      if (due === undefined && before.every(isKeptWell)) return before
      const grownBy = due === undefined ? before : withKey(before, await createKey(due), now)
      const after = await Promise.all(grownBy.map(sealed))
      if (await put(after, stored?.version)) return after
    }
  }

  function put(ring: KeyRing, version: string | undefined): Promise<boolean> {
    const expiresAt = Math.max(...ring.map(({ signsFrom }) => signsFrom)) + 2 * KEY_LIFETIME_MS + KEY_LEAD_MS
    return store.write([{ put: KEYS, value: JSON.stringify(ring), expiresAt, ifVersion: version ?? null }])
  }

  function isKeptWell(key: StoredKey): boolean {
    if (!keySeal) return true
    return 'sealed' in key && keySeal.isCurrent?.(key.sealed) !== false
  }

  /** The key as it is to be stored. One that was stored without a seal, or under a former one, is sealed anew. */
  async function sealed(key: StoredKey): Promise<StoredKey> {
    if (!keySeal || isKeptWell(key)) return key
    const { kid, signsFrom } = key
    const text = JSON.stringify(await opened(key))
    return { kid, signsFrom, publicJwk: publicHalf(key), sealed: await keySeal.seal(text, kid) }
  }

  async function opened(key: StoredKey): Promise<JWK_EC_Private> {
    if (!('sealed' in key)) return key.privateJwk
    if (!keySeal) throw new Error('they are sealed')
    return JSON.parse(await keySeal.open(key.sealed, key.kid)) as JWK_EC_Private
  }

  /** Changes the ring by compare and set; every server of the hub follows within a minute. */
  async function change(next: (ring: KeyRing, now: number) => KeyRing | Promise<KeyRing>): Promise<KeyRing> {
    await grown()
    for (;;) {
      const stored = await store.get(KEYS)
      const before: KeyRing = stored ? (JSON.parse(stored.value) as KeyRing) : []
      const changed = await next(before, clock())
      const after = changed === before ? before : await Promise.all(changed.map(sealed))
      if (after !== before && !(await put(after, stored?.version))) continue
      reading = Promise.resolve(after)
      readAt = clock()
      return after
    }
  }

  /** A ring that was read is never empty. */
  async function signing(): Promise<StoredKey> {
    return signingKey(await ring(), clock()) as StoredKey
  }

  function importKey(stored: StoredKey): Promise<CryptoKey> {
    const known = imported.get(stored.kid)
    if (known) return known
    const key = opened(stored).then((jwk) => importJWK(jwk, 'ES256') as Promise<CryptoKey>)
    imported.set(stored.kid, key)
    // A service that fails once is asked again.
    key.catch(() => imported.delete(stored.kid))
    return key
  }

  return {
    signingWith: async () => (await signing()).kid,

    async sign(typ, claims, parameters) {
      const key = await signing()
      const header = { ...parameters, alg: 'ES256', kid: key.kid, typ }
      return new SignJWT(claims).setProtectedHeader(header).sign(await importKey(key))
    },
    published: async () => publishedKeys(await ring(), clock()),

    async check() {
      const stored = await store.get(KEYS)
      const key = stored && signingKey(JSON.parse(stored.value) as KeyRing, clock())
      if (!key) return
      await importKey(key).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause)
        const words = `keySeal does not open the signing keys in the store (${why}): give the secret that they were sealed by`
        throw new IsthmusError('config-invalid', `createHub: ${words}.`, { cause })
      })
    },

    list: async () => (await ring()).map(infoOf),

    async rotate() {
      const after = await change(async (before, now) => {
        const isWaiting = (before.at(-1)?.signsFrom ?? 0) > now
        return isWaiting ? before : withKey(before, await createKey(now + KEY_LEAD_MS), now)
      })
      return infoOf(after.at(-1) as StoredKey)
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

function infoOf(key: StoredKey): KeyInfo {
  return { kid: key.kid, signsFrom: key.signsFrom, sealed: 'sealed' in key }
}

async function createKey(signsFrom: number): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const privateJwk = (await exportJWK(privateKey)) as JWK_EC_Private
  return { kid: await calculateJwkThumbprint(privateJwk), signsFrom, privateJwk }
}
