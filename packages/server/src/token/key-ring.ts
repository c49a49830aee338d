import { KEY_LEAD_MS, KEY_LIFETIME_MS, TOKEN_LIFETIME_MS } from '@isthmus/protocol'
import type { JWK_EC_Private, JWK_EC_Public } from 'jose'

/** A key as it is stored. It is published from its creation on, and signs from `signsFrom` until the next key does. */
export type StoredKey = { readonly kid: string; readonly signsFrom: number } & (
  | { readonly privateJwk: JWK_EC_Private }
  | { readonly publicJwk: JWK_EC_Public; readonly sealed: string }
)

/** A key that anybody may have. */
export type PublishedKey = JWK_EC_Public & { readonly kid: string; readonly alg: 'ES256'; readonly use: 'sig' }

/** All keys of a hub, in the order in which they sign. */
export type KeyRing = readonly StoredKey[]

/** The key that signs now; `undefined` in a ring without any. */
export function signingKey(ring: KeyRing, now: number): StoredKey | undefined {
  // A first key signs at once. Clocks differ: a server that is behind another one uses it as well.
  return ring.findLast(({ signsFrom }) => signsFrom <= now) ?? ring[0]
}

/** The keys of all tokens that may be alive, and of those to come. */
export function publishedKeys(ring: KeyRing, now: number): readonly PublishedKey[] {
  return withoutDead(ring, now).map((key) => ({ ...publicHalf(key), kid: key.kid, alg: 'ES256', use: 'sig' }))
}

/** What of a key anybody may have. */
export function publicHalf(key: StoredKey): JWK_EC_Public {
  const { crv, x, y } = 'sealed' in key ? key.publicJwk : key.privateJwk
  return { kty: 'EC', crv, x, y }
}

/** When a key made now would sign, if one has to be made: at once where there is none, else after it was published for long enough. */
export function nextKeyDue(ring: KeyRing, now: number): number | undefined {
  const last = ring.at(-1)
  if (!last) return now
  return now < last.signsFrom + KEY_LIFETIME_MS - KEY_LEAD_MS ? undefined : now + KEY_LEAD_MS
}

/** The ring with one more key, and without those whose tokens are all gone. */
export function withKey(ring: KeyRing, key: StoredKey, now: number): KeyRing {
  return [...withoutDead(ring, now), key]
}

/** A key is dead once the next one has signed for longer than a token lives; the lead once more is for clocks and caches. */
function withoutDead(ring: KeyRing, now: number): KeyRing {
  return ring.filter((_, index) => {
    const next = ring[index + 1]
    return !next || now < next.signsFrom + TOKEN_LIFETIME_MS + KEY_LEAD_MS
  })
}
