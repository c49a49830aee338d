import type { Snapshot } from '@isthmus/protocol'

/**
 * What the back end knows of the session behind this page: the verdict of `@isthmus/site` fits, and so does the part of
 * it that can be serialised (`status`, `sid`, `user`, `expiresAt`).
 */
export interface Verdict {
  readonly status: 'signed-in' | 'signed-out' | 'unknown'
  readonly sid?: string | undefined
  readonly user?: { readonly sub: string; readonly [claim: string]: unknown } | undefined
  /** In milliseconds since the epoch. */
  readonly expiresAt?: number | undefined
}

/** The first snapshot of every page whose back end knows nothing; the same object on the server and in the browser. */
const LOADING: Snapshot = Object.freeze({ status: 'unknown', reason: 'loading', stale: false })

/** What the server renders, and the browser hydrates: the verdict as a stale snapshot. */
export function firstSnapshot(verdict: Verdict | undefined): Snapshot {
  const { status, user, sid = '', expiresAt = 0 } = verdict ?? {}
  if (status === 'signed-in' && user) {
    return { status, access: 'granted', sid, user, expiresAt, idleExpiresAt: expiresAt, revision: 0, stale: true }
  }
  return status === 'signed-out' ? { status, reason: 'none', revision: 0, stale: true } : LOADING
}

/** What a page shows: the first snapshot until the session knows anything itself. */
export function shown(current: Snapshot, first: Snapshot): Snapshot {
  return current.status === 'unknown' && current.reason === 'loading' && !current.last ? first : current
}
