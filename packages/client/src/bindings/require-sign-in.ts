import type { Snapshot } from '@isthmus/protocol'
import type { Session } from '../session.ts'

/** The snapshot for which each session was sent to the login page: once, however many components require it. */
const sentFor = new WeakMap<Session, Snapshot>()

/** Leads to the login page, if the hub itself said that there is no session. */
export function requireSignIn(session: Session, current: Snapshot): void {
  if (current.status !== 'signed-out' || current.stale || sentFor.get(session) === current) return
  sentFor.set(session, current)
  session.signIn().catch((error: unknown) => console.error('isthmus: the login page cannot be reached.', error))
}
