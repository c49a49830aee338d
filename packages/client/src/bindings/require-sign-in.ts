import type { Snapshot } from '@isthmus/protocol'
import type { Session } from '../session.ts'

/** In sessionStorage: this tab was led to the login page, and nobody has been signed in since. */
const LED = 'isthmus:led-to-sign-in'

/**
 * Leads the page to the login page while it has no user. Call the result to stop.
 *
 * It never loops: a tab is led away once until a user was signed in, and not at all where the tab cannot remember that. A
 * user who came back without signing in stays, and finds what the page shows without a user.
 */
export function requireSignIn(session: Session): () => void {
  return session.subscribe((snapshot) => {
    if (snapshot.status === 'signed-in') forget()
    else if (lacksUser(snapshot) && remember()) session.signIn().catch(forget)
  })
}

/** The hub said so, or only a visit of the hub can tell. Of every other doubt no login page knows more. */
function lacksUser(snapshot: Snapshot): boolean {
  if (snapshot.status === 'unknown') return snapshot.reason === 'partitioned'
  return snapshot.status === 'signed-out' && !snapshot.stale
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
