import type { Snapshot } from '@isthmus/protocol'
import type { Session } from '../session.ts'

/** In sessionStorage: this tab was led to the login page, and no user has been signed in since. */
const LED = 'isthmus:led-to-sign-in'

/**
 * Leads to the login page, if the hub itself said that there is no session, or if only a visit of the hub can tell.
 *
 * It never loops: a tab is led away once until a user was signed in, and not at all where the tab cannot remember that. A
 * user who came back without signing in stays, and finds what the page shows without a user.
 */
export function requireSignIn(session: Session, current: Snapshot): void {
  if (current.status === 'signed-in') forget()
  else if (lacksUser(current) && remember()) {
    session.signIn().catch((error: unknown) => {
      forget()
      console.error('isthmus: the login page cannot be reached.', error)
    })
  }
}

function lacksUser(current: Snapshot): boolean {
  if (current.status === 'unknown') return current.reason === 'partitioned'
  return current.status === 'signed-out' && !current.stale
}

/** Whether this tab was not led away before, and will know that it was. */
function remember(): boolean {
  try {
    if (sessionStorage.getItem(LED)) return false
    sessionStorage.setItem(LED, '1')
    return true
  } catch {
    return false
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(LED)
  } catch {
    // What cannot be kept need not be forgotten.
  }
}
