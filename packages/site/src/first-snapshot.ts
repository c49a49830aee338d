import type { Snapshot } from '@isthmus/protocol'
import type { Verdict } from './verdict.ts'

/**
 * What a page shows before its session has said anything: the verdict of the back end that draws it, for `initial` of
 * the bindings of `@isthmus/client`. It is `stale`, as the hub may know more by now, and plain JSON, so that it crosses
 * from server components into the page.
 *
 * @example
 * <SessionProvider session={{ hub }} initial={firstSnapshot(await verifier.verify(request))}>
 */
export function firstSnapshot(verdict: Verdict): Snapshot {
  if (verdict.status === 'signed-in') {
    const { status, sid, user, expiresAt } = verdict
    // A token says how long it is good itself, which the session outlives.
    return { status, access: 'granted', sid, user, expiresAt, idleExpiresAt: expiresAt, revision: 0, stale: true }
  }
  if (verdict.status === 'signed-out') return { status: 'signed-out', reason: 'logout', revision: 0, stale: true }
  return { status: 'unknown', reason: 'loading', stale: false }
}
