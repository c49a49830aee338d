import { IsthmusError, JWKS_CACHE_MS, type Origin, TOKEN_LIFETIME_MS, TOKEN_LIMIT } from '@isthmus/protocol'
import { LRUCache } from 'lru-cache'
import { createKeys } from './keys.ts'
import { type LogoutNotice, openLogoutToken } from './logout-token.ts'
import { CLOCK_SKEW_MS, type Trust } from './open-token.ts'
import { parseVerifierOptions, type VerifierOptions } from './options.ts'
import { refusal } from './refuse.ts'
import { type Mirror, type RequestLike, tokenOf } from './request-like.ts'
import { type Believed, openSiteToken } from './site-token.ts'
import type { Verdict } from './verdict.ts'

/** Checks site tokens for one site, and remembers which sessions ended. */
export interface Verifier {
  readonly hub: Origin
  readonly site: string
  readonly mirror: Mirror
  /** The clock that tokens are judged by. */
  readonly clock: () => number
  /**
   * Who is signed in, by a request or by a token. Never rejects because of what came in: a token that is missing or
   * wrong is a verdict without a user. Rejects only if {@link VerifierOptions.revocations} does.
   */
  verify(from: RequestLike | string): Promise<Verdict>
  /** From now on no token of this session is believed; without `sid`: none that this user was issued until now. */
  revoke(ended: { readonly sid: string } | { readonly sub: string }): Promise<void>
  /**
   * Takes a logout token (OpenID Connect Back-Channel Logout 1.0), revokes what it names, and says what that was.
   * `then` runs once, however many copies of the token come at once. If it rejects, the token counts as not received.
   * @throws {IsthmusError} with the code of the first fault; `unreachable` alone is worth another attempt
   */
  receiveLogout(logoutToken: unknown, then?: (ended: LogoutNotice) => unknown): Promise<LogoutNotice>
}

/**
 * Makes the verifier of a site's back end. Nothing is fetched before the first token comes.
 * @throws {IsthmusError} `config-invalid`, with a sentence that names the key and the cure
 *
 * @example
 * const verifier = createVerifier({ hub: 'https://auth.example.com', site: 'shop' })
 * const { user } = await verifier.verify(request)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { hub, site, mirror, jwks, revocations, verdicts, clock } = parseVerifierOptions(options)
  const trust: Trust = { issuer: hub, audience: site, keys: createKeys(jwks), clock }
  /** Tokens that were checked, and until when that is believed: as long as the keys, because one may be revoked. */
  const believed = new LRUCache<string, { readonly found: Believed; readonly until: number }>({ max: verdicts })
  /** Tokens that are being checked: a page asks for its parts all at once, with one token that is new to all of them. */
  const checking = new Map<string, Promise<Believed>>()

  async function believe(token: string): Promise<Believed> {
    if (token.length > TOKEN_LIMIT) throw refusal('token-too-long')
    const known = believed.get(token)
    if (known && clock() < known.until) return known.found
    const begun = checking.get(token)
    if (begun) return begun
    const check = openSiteToken(token, trust).finally(() => checking.delete(token))
    checking.set(token, check)
    const found = await check
    believed.set(token, { found, until: Math.min(found.session.expiresAt, clock() + JWKS_CACHE_MS) })
    return found
  }

  async function isOver({ session, issuedAt }: Believed): Promise<boolean> {
    const [ofSession, ofUser] = await Promise.all([
      revocations.get(`sid/${session.sid}`),
      revocations.get(`sub/${session.user.sub}`),
    ])
    return ofSession !== undefined || (ofUser !== undefined && issuedAt <= ofUser)
  }

  async function remember(key: string, at: number): Promise<void> {
    // No token that this site still takes, by whichever clock, may outlive the memory of its end.
    const forgetAt = clock() + TOKEN_LIFETIME_MS + CLOCK_SKEW_MS
    await revocations.put(key, Math.max(at, (await revocations.get(key)) ?? 0), forgetAt)
  }

  return {
    hub,
    site,
    mirror,
    clock,

    async verify(from) {
      try {
        const token = typeof from === 'string' ? from : tokenOf(from, mirror)
        if (!token) throw refusal('token-missing')
        const found = await believe(token)
        if (await isOver(found)) return { status: 'signed-out', error: refusal('token-revoked') }
        return found.session
      } catch (error) {
        if (error instanceof IsthmusError) return { status: 'unknown', error }
        throw error
      }
    },

    revoke: (ended) => remember('sid' in ended ? `sid/${ended.sid}` : `sub/${ended.sub}`, clock()),

    async receiveLogout(logoutToken, then) {
      const ended = await openLogoutToken(logoutToken, trust)
      const received = `jti/${ended.jti}`
      // One atomic step: of any number of copies at once, one goes on.
      if (!(await revocations.add(received, ended.issuedAt, ended.expiresAt))) throw refusal('logout-replayed')
      try {
        await remember(ended.sid !== undefined ? `sid/${ended.sid}` : `sub/${ended.sub}`, ended.issuedAt)
        await then?.(ended)
      } catch (error) {
        await revocations.delete(received)
        throw error
      }
      return ended
    },
  }
}
