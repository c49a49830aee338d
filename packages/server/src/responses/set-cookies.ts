import {
  GUEST_COOKIE,
  GUEST_LIFETIME_MS,
  LOGIN_COOKIE_PREFIX,
  LOGIN_LIFETIME_MS,
  PARTITIONED_COOKIE_PREFIX,
  SESSION_COOKIE,
  siteIdSchema,
  TOMBSTONE_LIFETIME_MS,
  TOP_LEVEL_COOKIE,
} from '@isthmus/protocol'
import { type SetCookie, stringifySetCookie } from 'cookie'
import { pairsOf } from '../requests/read-cookies.ts'
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

/** As long as the store knows the secret: a browser that comes back late is told why the session is over. */
function lifeOf({ sub, expiresAt }: Session, now: number): number {
  const knownUntil = sub === undefined ? expiresAt : expiresAt + TOMBSTONE_LIFETIME_MS
  return Math.max(0, Math.ceil((knownUntil - now) / 1000))
}
