import { type Origin, type SiteToken, TOKEN_COOKIE } from '@isthmus/protocol'
import Cookies from 'js-cookie'
import { reportCorrupt } from '../diagnosis/report-corrupt.ts'
import type { Known } from '../session/state.ts'
import { tokens } from '../session/tokens.ts'
import type { Mirror, OpenMirror } from './mirror.ts'
import { readToken } from './read-token.ts'

/**
 * A mirror in the site's own first-party cookie `isthmus_token`. What it says is shown as stale until the hub has spoken,
 * and verified by the back end.
 *
 * @example
 * createSession({ hub: 'https://auth.example.com', mirror: cookieMirror() })
 */
export function cookieMirror(): Mirror {
  return { on: tokens, open }
}

function open(hub: Origin, site: string | undefined): OpenMirror {
  let complained = false

  /** Cookies of one name can lie on this host and on every domain above it: all but the one that is meant go. */
  function removeBut(meant: string | undefined | null): void {
    const labels = location.hostname.split('.')
    const domains = [undefined, ...labels.map((_, index) => labels.slice(index).join('.'))]
    for (const domain of domains) if (domain !== meant) Cookies.remove(TOKEN_COOKIE, attributes(domain))
  }

  const mirror: OpenMirror = {
    read: orNothing(() => {
      const token = kept()
      if (token === undefined) return undefined
      const claims = readToken(token)
      const ours = claims?.iss === hub && (site === undefined || claims.aud === site)
      // Cut short, planted, or another's.
      if (!ours) reportCorrupt(`cookie ${TOKEN_COOKIE}`)
      const known = ours ? knownFrom(token, claims) : undefined
      // That, or run out: it is of no use to anybody here.
      if (!known) mirror.clear()
      return known
    }),
    keep: orNothing((token, cookieDomain) => {
      const expires = new Date((readToken(token)?.exp ?? 0) * 1000)
      removeBut(cookieDomain)
      Cookies.set(TOKEN_COOKIE, token, { ...attributes(cookieDomain), expires })
      if (complained || kept() === token) return
      complained = true
      console.warn(
        'isthmus: the browser does not keep the mirror cookie. Cookies are off, its clock is wrong, or the token has more than 4 kB: let the site see fewer claims.',
      )
    }),
    clear: orNothing(() => removeBut(null)),
  }
  return mirror

  function knownFrom(token: string, claims: SiteToken): Known | undefined {
    const { iss, aud, iat, groups, exp, sid, ...user } = claims
    // The token ends with its session, at the latest: that much is certain of the session's own ends.
    const end = exp * 1000
    if (end <= Date.now()) return undefined
    return {
      status: 'signed-in',
      sid,
      expiresAt: end,
      idleExpiresAt: end,
      revision: 0,
      access: 'granted',
      user,
      token,
      stale: true,
    }
  }
}

/** As it is: js-cookie gives nothing where it cannot be decoded. */
function kept(): string | undefined {
  return new RegExp(`(?:^|; )${TOKEN_COOKIE}=([^;]*)`).exec(document.cookie)?.[1]
}

function attributes(domain: string | undefined): Cookies.CookieAttributes {
  return { path: '/', sameSite: 'lax', secure: location.protocol === 'https:', ...(domain !== undefined && { domain }) }
}

/** Sandboxed pages have no cookies: touching them throws. */
function orNothing<Parameters extends unknown[], Result>(
  action: (...parameters: Parameters) => Result,
): (...parameters: Parameters) => Result | undefined {
  return (...parameters) => {
    try {
      return action(...parameters)
    } catch {
      return undefined
    }
  }
}
