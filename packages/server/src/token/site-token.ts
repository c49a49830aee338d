import { ISSUED_AT_HEADER, type Origin, type SiteState, TOKEN_LIFETIME_MS } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import type { Clock } from '../store/store.ts'
import type { TokenKeys } from './keys.ts'

/** A state that a token may be issued for. */
type Granted = Extract<SiteState, { access: 'granted' }>

/** The tokens that sites show to their own back ends. */
export interface SiteTokens {
  /** The token for what this site was told; `undefined` if the session ends within the second. */
  issue(state: Granted, site: Site, groups: readonly string[]): Promise<string | undefined>
}

/** Names with a meaning of their own in a JWT (RFC 7519 §4.1) or in one of ours: a user's claim never takes such a place. */
const RESERVED = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'groups', 'events', 'nonce'])

/** A token is handed out until half its life is over, so that who has just got one can use it for a while. */
const REUSE_MS = TOKEN_LIFETIME_MS / 2

/** Tokens kept for reuse; beyond it the oldest is signed again if it is asked for. */
const KEPT = 10_000

export function createSiteTokens(issuer: Origin, keys: TokenKeys, clock: Clock): SiteTokens {
  /** By their claims: equal answers stay equal, and nothing is announced where nothing changed. */
  const kept = new Map<string, Promise<string>>()

  return {
    async issue({ user, sid, revision, expiresAt, idleExpiresAt }, site, groups) {
      const now = clock()
      // Counted from the change itself, so that all servers of a hub come to the same claims.
      const age = Math.max(0, Math.floor((now - revision) / REUSE_MS)) * REUSE_MS
      const issuedAt = revision + age
      const iat = Math.floor(issuedAt / 1000)
      const exp = Math.min(iat + TOKEN_LIFETIME_MS / 1000, Math.floor(Math.min(expiresAt, idleExpiresAt) / 1000))
      if (exp * 1000 <= now) return undefined
      const { sub, ...granted } = user
      const named = new Set([...(site.groups?.anyOf ?? []), ...(site.groups?.allOf ?? [])])
      const claims = {
        ...Object.fromEntries(Object.entries(granted).filter(([name]) => !RESERVED.has(name))),
        iss: issuer,
        aud: site.id,
        sub,
        sid,
        iat,
        exp,
        groups: groups.filter((group) => named.has(group)),
      }
      // A token by a key that was revoked is not handed out again.
      const name = JSON.stringify([claims, issuedAt, await keys.signingWith()])
      const known = kept.get(name)
      if (known) return known
      const token = keys.sign('JWT', claims, { [ISSUED_AT_HEADER]: issuedAt })
      kept.set(name, token)
      token.catch(() => kept.delete(name))
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
      return token
    },
  }
}
