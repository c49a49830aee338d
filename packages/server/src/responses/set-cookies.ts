import {
  LOGIN_COOKIE,
  LOGIN_LIFETIME_MS,
  PARTITIONED_COOKIE_PREFIX,
  SESSION_COOKIE,
  siteIdSchema,
  TOMBSTONE_LIFETIME_MS,
} from '@isthmus/protocol'
import { type SetCookie, stringifySetCookie } from 'cookie'
import { pairsOf } from '../requests/read-cookies.ts'
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

/** Names taken away at once. A request with more comes from no browser: its answer does not grow with it. */
const EXPIRED_LIMIT = 8

/** The cookies of ours in a request that can hold no secret, and what takes each away. */
export function malformedCookies(request: RequestLike): readonly { readonly name: string; readonly expiry: string }[] {
  const good = new Set<string>()
  const malformed = new Set<string>()
  for (const [name, value] of pairsOf(request)) {
    if (!isCarrier(name)) continue
    if (isSecret(value)) good.add(name)
    else if (malformed.size < EXPIRED_LIMIT) malformed.add(name)
  }
  return [...malformed].flatMap((name) =>
    [false, true]
      // Where a good one is sent along, it is the one that we have set; the other lies in the other partition.
      .filter((partitioned) => partitioned !== (name !== SESSION_COOKIE) || !good.has(name))
      .map((partitioned) => ({
        name,
        expiry: stringifySetCookie({ ...host, name, value: '', sameSite: 'none', partitioned, maxAge: 0 }),
      })),
  )
}

/** Whether we set cookies of this name: any other may hold what is no token, and could not be written into an answer. */
function isCarrier(name: string): boolean {
  if (name === SESSION_COOKIE) return true
  return name.startsWith(PARTITIONED_COOKIE_PREFIX) && isSiteId(name.slice(PARTITIONED_COOKIE_PREFIX.length))
}

function isSiteId(text: string): boolean {
  return siteIdSchema.safeParse(text).success
}

/** As long as the store knows the secret: who comes back late is told why the session is over. */
function lifeOf(session: Session, now: number): number {
  return Math.max(0, Math.ceil((session.expiresAt + TOMBSTONE_LIFETIME_MS - now) / 1000))
}
