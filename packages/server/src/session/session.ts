import type { SiteState } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import type { Device } from '../requests/device.ts'

/** Why a session is over. Replaced: the same browser signed in again. */
export type EndReason = 'logout' | 'expired' | 'idle' | 'revoked'

/** When a site was first and last answered for a session. */
export interface SiteUse {
  readonly firstAt: number
  readonly lastAt: number
}

/**
 * A session as it is stored. Without `sub` it is a guest's: a browser that is signed out, and whose partitions are told
 * when it signs in. Guests stand in no store (guests.ts).
 */
export interface Session {
  readonly sid: string
  readonly sub?: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly groups: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  readonly idleExpiresAt: number
  readonly revision: number
  /** When its user was last active on any site; written at most once a minute. */
  readonly seenAt: number
  readonly device: Device
  /** Where it was begun, as coarse as `placeOf` has it. */
  readonly place?: string
  /** The sites that were told of it, by id: those a back-channel logout goes to. */
  readonly sites: Readonly<Record<string, SiteUse>>
  /** Written down when it is ended, or found to have run out. Its claims, groups, device and place are gone then. */
  readonly end?: { readonly reason: EndReason; readonly at: number }
  /** The session that the same browser went on with. */
  readonly successor?: string
}

/** How and when a session ended; `undefined` while it lives. */
export function endOf(session: Session, now: number): { reason: EndReason; at: number } | undefined {
  if (session.end) return session.end
  const { expiresAt, idleExpiresAt } = session
  // Whichever came first stays the reason: what was told once is not told differently later.
  const at = Math.min(idleExpiresAt, expiresAt)
  return now < at ? undefined : { reason: at < expiresAt ? 'idle' : 'expired', at }
}

/** Whether somebody is signed in by this session. */
export function isLive(session: Session, now: number): session is Session & { readonly sub: string } {
  return session.sub !== undefined && endOf(session, now) === undefined
}

/** The revision of the latest change. Running out is one before anybody writes it down. */
export function revisionAt(session: Session, now: number): number {
  const end = endOf(session, now)
  return end && !session.end ? Math.max(session.revision + 1, end.at) : session.revision
}

/** The revision of the next change: later than the last one, and never behind the clock. */
export function nextRevision(session: Session | undefined, now: number): number {
  return Math.max(session ? revisionAt(session, now) + 1 : 0, now)
}

/** The session as it is kept after its end: why it ended and where it was used; what was known of its user is gone. */
export function ended(session: Session, reason: 'logout' | 'revoked' | undefined, now: number): Session {
  const end = reason === undefined ? endOf(session, now) : { reason, at: now }
  // Having run out has its revision already: what was told of it stays true.
  const revision = reason === undefined ? revisionAt(session, now) : nextRevision(session, now)
  // Not spread: thousands may end at once, and V8 takes 2 µs for a spread that is added to.
  const next: { -readonly [Key in keyof Session]: Session[Key] } = Object.assign(
    {},
    session,
    { claims: {}, groups: [], device: {}, revision },
    end && { end },
  )
  if (next.place !== undefined) delete next.place
  return next
}

/** Whether a site's groups admit the user. */
export function admits(site: Site, groups: readonly string[]): boolean {
  const { anyOf, allOf } = site.groups ?? {}
  return (
    (anyOf === undefined || anyOf.some((group) => groups.includes(group))) &&
    (allOf === undefined || allOf.every((group) => groups.includes(group)))
  )
}

/**
 * What one site is told of a session. Pure: the whole policy of who sees what is here.
 *
 * Of the session that the same browser went on with a former one tells that there is one, and never anything more: not
 * whether it lives, nor by a revision when it changed. Whoever kept the former carrier could watch the next user by it.
 */
export function describe(session: Session, site: Site, now: number): SiteState {
  if (!isLive(session, now)) {
    const revision = revisionAt(session, now)
    if (session.successor !== undefined) return { status: 'unlinked', revision }
    const reason = session.sub === undefined ? 'none' : (endOf(session, now)?.reason ?? 'none')
    return { status: 'signed-out', reason, revision }
  }
  const { sub, sid, expiresAt, idleExpiresAt, revision } = session
  if (!admits(site, session.groups))
    return { status: 'signed-in', access: 'denied', sid, user: { sub }, expiresAt, idleExpiresAt, revision }
  const known = site.claims.filter((name) => Object.hasOwn(session.claims, name))
  const claims = Object.fromEntries(known.map((name) => [name, session.claims[name]]))
  return {
    status: 'signed-in',
    access: 'granted',
    sid,
    user: Object.assign(claims, { sub }),
    expiresAt,
    idleExpiresAt,
    revision,
  }
}
