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

  /**
   * Cookies of one name can lie on this host and on every domain above it: all but the one that is meant go. One that was
   * planted for a longer path comes before it (RFC 6265 §5.4), and is looked for where something else is still read.
   */
  function removeBut(meant: string | undefined | null, token?: string): void {
    const labels = location.hostname.split('.')
    const domains = [undefined, ...labels.map((_, index) => labels.slice(index).join('.'))]
    const remove = (domain: string | undefined, path: string): void =>
      Cookies.remove(TOKEN_COOKIE, { ...attributes(domain), path })
    for (const domain of domains) if (domain !== meant) remove(domain, '/')
    if (kept() === token) return
    const { pathname } = location
    for (let end = pathname.length; end > 1; end--) for (const domain of domains) remove(domain, pathname.slice(0, end))
  }

  const mirror: OpenMirror = {
    read: orNothing(() => {
      const token = kept()
      if (token === undefined) return undefined
      const claims = readToken(token)
      const ours = claims?.iss === hub && (site === undefined || claims.aud === site)
      // One of ours that has run out may be good still: this clock can be ahead of the hub's, and the back end's.
      if (ours) return knownFrom(token, claims)
      // Cut short, planted, or another's.
      reportCorrupt(`cookie ${TOKEN_COOKIE}`)
      mirror.clear()
      return undefined
    }),
    keep: orNothing((token, cookieDomain) => {
      const { iat, exp } = readToken(token) as SiteToken
      // Not by a date: to a browser whose clock is ahead the cookie would have run out before it was set.
      Cookies.set(TOKEN_COOKIE, token, { ...attributes(cookieDomain), 'max-age': `${exp - iat}` })
      removeBut(cookieDomain, token)
      if (complained || kept() === token) return
      complained = true
      console.warn(
        'isthmus: the browser does not keep the mirror cookie. Cookies are off, or the token has more than 4 kB: let the site see fewer claims.',
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
