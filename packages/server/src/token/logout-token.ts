import { LOGOUT_EVENT, LOGOUT_TOKEN_LIFETIME_MS, type Origin } from '@isthmus/protocol'
import { createPublicId } from '../session/secrets.ts'
import type { TokenKeys } from './keys.ts'

/** Which session of whom ended, for one site. */
export interface LogoutNotice {
  readonly issuer: Origin
  /** Site id. */
  readonly site: string
  readonly sub: string
  readonly sid: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Signs a logout token (OIDC Back-Channel Logout 1.0 §2.4) for one attempt of one delivery: each has its own `jti`. */
export function signLogoutToken(keys: TokenKeys, { issuer, site, sub, sid, now }: LogoutNotice): Promise<string> {
  const iat = Math.floor(now / 1000)
  return keys.sign('logout+jwt', {
    iss: issuer,
    aud: site,
    sub,
    sid,
    iat,
    exp: iat + LOGOUT_TOKEN_LIFETIME_MS / 1000,
    jti: createPublicId(),
    events: { [LOGOUT_EVENT]: {} },
  })
}
