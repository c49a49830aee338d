import {
  LOGIN_COOKIE,
  LOGIN_LIFETIME_MS,
  PARTITIONED_COOKIE_PREFIX,
  SESSION_COOKIE,
  TOMBSTONE_LIFETIME_MS,
} from '@isthmus/protocol'
import { type SetCookie, stringifySetCookie } from 'cookie'
import { pairsOf, readSecrets } from '../requests/read-cookies.ts'
import type { RequestLike } from '../requests/request-like.ts'
import { isSecret } from '../session/secrets.ts'
import type { Session } from '../session/session.ts'

/** `__Host-` demands Secure, Path=/ and no Domain: no neighbour below the same parent domain can plant one. */
const host = { path: '/', secure: true, httpOnly: true } as const satisfies Partial<SetCookie>

/** The session cookie of the auth domain. SameSite=None, because the hub page lives in frames. */
export function sessionCookie(secret: string, session: Session, now: number): string {
  return stringifySetCookie({
    ...host,
    name: SESSION_COOKIE,
    value: secret,
    sameSite: 'none',
    maxAge: lifeOf(session, now),
  })
}

/** The cookie of one site's partition (CHIPS). Its name holds the site: neighbours below one domain share a partition. */
export function partitionedCookie(site: string, secret: string, session: Session, now: number): string {
  return stringifySetCookie({
    ...host,
    name: PARTITIONED_COOKIE_PREFIX + site,
    value: secret,
    sameSite: 'none',
    partitioned: true,
    maxAge: lifeOf(session, now),
  })
}

/** Remembers the pending sign-in while the login page is open. Lax: no other site's frame sees or sends it. */
export function loginCookie(query: string): string {
  return stringifySetCookie({
    ...host,
    name: LOGIN_COOKIE,
    value: query,
    sameSite: 'lax',
    maxAge: LOGIN_LIFETIME_MS / 1000,
  })
}

/** Takes the pending sign-in away. */
export function clearLoginCookie(): string {
  return stringifySetCookie({ ...host, name: LOGIN_COOKIE, value: '', sameSite: 'lax', maxAge: 0 })
}

/** Takes cookies of ours away that can hold no secret, and of which the answer sets none. */
export function expireMalformed(request: RequestLike, set: readonly string[]): string[] {
  const malformed = pairsOf(request).filter(([name, value]) => isCarrier(name) && !isSecret(value))
  return [...new Set(malformed.map(([name]) => name))]
    .filter((name) => !set.some((one) => one.startsWith(`${name}=`)))
    .flatMap((name) =>
      [false, true]
        // Where a good one is sent along, it is the one that we have set; the other lies in the other partition.
        .filter((partitioned) => partitioned !== isPartitioned(name) || readSecrets(request, name).length === 0)
        .map((partitioned) =>
          stringifySetCookie({ ...host, name, value: '', sameSite: 'none', partitioned, maxAge: 0 }),
        ),
    )
}

function isCarrier(name: string): boolean {
  return name === SESSION_COOKIE || isPartitioned(name)
}

function isPartitioned(name: string): boolean {
  return name.startsWith(PARTITIONED_COOKIE_PREFIX)
}

/** As long as the store knows the secret: who comes back late is told why the session is over. */
function lifeOf(session: Session, now: number): number {
  return Math.max(0, Math.ceil((session.expiresAt + TOMBSTONE_LIFETIME_MS - now) / 1000))
}
