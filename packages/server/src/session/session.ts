import type { SiteState } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'

/** Why a session is over. Replaced: the same browser signed in again. */
export type EndReason = 'logout' | 'expired' | 'idle' | 'revoked'

/**
 * A session as it is stored. Without `sub` it is a guest's: a browser that is signed out,
 * remembered so that its partitions can be told when it signs in.
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
  readonly end?: { readonly reason: 'logout' | 'revoked'; readonly at: number }
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

/** The revision of the latest change. Running out is one that nobody writes down. */
export function revisionAt(session: Session, now: number): number {
  const end = endOf(session, now)
  return end && !session.end ? Math.max(session.revision + 1, end.at) : session.revision
}

/** The revision of the next change: later than the last one, and never behind the clock. */
export function nextRevision(session: Session | undefined, now: number): number {
  return Math.max(session ? revisionAt(session, now) + 1 : 0, now)
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
 * `head` is the session that the same browser has now: the session itself, or its latest successor.
 */
export function describe(session: Session, head: Session, site: Site, now: number): SiteState {
  if (!isLive(session, now)) {
    if (head !== session && isLive(head, now)) return { status: 'unlinked', revision: head.revision }
    const reason = head.sub === undefined ? 'none' : (endOf(head, now)?.reason ?? 'none')
    return { status: 'signed-out', reason, revision: revisionAt(head, now) }
  }
  const { sub, sid, expiresAt, idleExpiresAt, revision } = session
  const base = { status: 'signed-in', sid, expiresAt, idleExpiresAt, revision } as const
  if (!admits(site, session.groups)) return { ...base, access: 'denied', user: { sub } }
  const claims = Object.fromEntries(Object.entries(session.claims).filter(([name]) => site.claims.includes(name)))
  return { ...base, access: 'granted', user: { ...claims, sub } }
}
