import type { Device } from '../requests/device.ts'
import { type EndReason, endOf, type Session } from './session.ts'

/** A session as the program may see it: no secret, nothing that opens anything. */
export interface SessionInfo {
  readonly sid: string
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly groups: readonly string[]
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly idleExpiresAt: number
  /** When the user was last active on any site; exact to a minute. */
  readonly seenAt: number
  /** What the browser said it is at sign-in: name and system, no versions. */
  readonly device: Device
  /** Where the sign-in came from, as coarse as `placeOf` has it. */
  readonly place?: string
  /** The sites that were told of the session. */
  readonly sites: readonly { readonly site: string; readonly firstAt: number; readonly lastAt: number }[]
}

/** What there is to see of a session. */
export function infoOf(session: Session & { readonly sub: string }): SessionInfo {
  const { sid, sub, claims, groups, createdAt, expiresAt, idleExpiresAt, seenAt, device, place } = session
  return {
    sid,
    sub,
    claims,
    groups,
    createdAt,
    expiresAt,
    idleExpiresAt,
    seenAt,
    device,
    ...(place !== undefined && { place }),
    sites: Object.entries(session.sites).map(([site, use]) => ({ site, ...use })),
  }
}

/** All that a hub keeps of one user. */
export interface SubjectExport {
  readonly sub: string
  /** Of a session that has ended claims, groups, device and place are gone. */
  readonly sessions: readonly (SessionInfo & { readonly ended?: { readonly reason: EndReason; readonly at: number } })[]
}

export function exportOf(sub: string, sessions: readonly Session[], now: number): SubjectExport {
  return {
    sub,
    sessions: sessions.map((session) => {
      const end = endOf(session, now)
      return { ...infoOf({ ...session, sub }), ...(end && { ended: end }) }
    }),
  }
}
