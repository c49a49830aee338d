import {
  GUEST_COOKIE,
  GUEST_LIFETIME_MS,
  LOGIN_COOKIE_PREFIX,
  LOGIN_LIFETIME_MS,
  PARTITIONED_COOKIE_PREFIX,
  SESSION_COOKIE,
  TOMBSTONE_LIFETIME_MS,
  TOP_LEVEL_COOKIE,
} from '@isthmus/protocol'
import { type SetCookie, stringifySetCookie } from 'cookie'
import { pairsOf, readSecrets } from '../requests/read-cookies.ts'
import type { RequestLike } from '../requests/request-like.ts'
import { isSecret } from '../session/secrets.ts'
import type { Session } from '../session/session.ts'

/** `__Host-` demands Secure, Path=/ and no Domain: no neighbour below the same parent domain can plant one. */
const host = { path: '/', secure: true, httpOnly: true } as const satisfies Partial<SetCookie>

/**
 * The session's cookies on the auth domain: one for frames of the hub, which other sites' requests bring as well
 * (SameSite=None), and its Lax twin, which alone counts where a request may come from a foreign page.
 */
export function sessionCookies(secret: string, session: Session, now: number): string[] {
  const common = { ...host, value: secret, maxAge: lifeOf(session, now) }
  return [
    stringifySetCookie({ ...common, name: SESSION_COOKIE, sameSite: 'none' }),
    stringifySetCookie({ ...common, name: TOP_LEVEL_COOKIE, sameSite: 'lax' }),
  ]
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

/** Remembers that this browser is the guest whose partitions are linked. `undefined`: it is one no more. */
export function guestCookie(secret: string | undefined): string {
  return laxCookie(GUEST_COOKIE, secret, GUEST_LIFETIME_MS)
}

/** Remembers that this browser began a pending sign-in: no other site can set or send it. */
export function loginCookie(pending: string): string {
  return laxCookie(LOGIN_COOKIE_PREFIX + pending, '1', LOGIN_LIFETIME_MS)
}

/** Takes it away. */
export function clearLoginCookie(pending: string): string {
  return laxCookie(LOGIN_COOKIE_PREFIX + pending, undefined, 0)
}

function laxCookie(name: string, value: string | undefined, lifeMs: number): string {
  return stringifySetCookie({
    ...host,
    name,
    value: value ?? '',
    sameSite: 'lax',
    maxAge: value === undefined ? 0 : lifeMs / 1000,
  })
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

/** As long as the store knows the secret: a browser that comes back late is told why the session is over. */
function lifeOf({ sub, expiresAt }: Session, now: number): number {
  const knownUntil = sub === undefined ? expiresAt : expiresAt + TOMBSTONE_LIFETIME_MS
  return Math.max(0, Math.ceil((knownUntil - now) / 1000))
}
