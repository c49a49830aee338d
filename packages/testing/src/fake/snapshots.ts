import type { Snapshot, UnknownReason } from '@isthmus/client'

type SignedIn = Extract<Snapshot, { status: 'signed-in' }>
type SignedOut = Extract<Snapshot, { status: 'signed-out' }>
type Unknown = Extract<Snapshot, { status: 'unknown' }>

/** Later than any test runs. */
const FAR_AWAY = Date.UTC(2100, 0)

const session = {
  status: 'signed-in',
  sid: 'fake-session',
  expiresAt: FAR_AWAY,
  idleExpiresAt: FAR_AWAY,
  revision: 1,
  stale: false,
} as const

/**
 * A signed-in user whom the site admits.
 *
 * @param claims The claims that the site sees; `sub` is `fake-user` unless it is given.
 */
export function signedIn(claims: Readonly<Record<string, unknown>> & { readonly sub?: string } = {}): SignedIn {
  return { ...session, access: 'granted', user: { sub: 'fake-user', ...claims } }
}

/** A signed-in user whom the site's groups do not admit. */
export function denied(sub = 'fake-user'): SignedIn {
  return { ...session, access: 'denied', user: { sub } }
}

/** The hub said that there is no session. */
export function signedOut(reason: SignedOut['reason'] = 'none'): SignedOut {
  return { status: 'signed-out', reason, revision: 1, stale: false }
}

/** The hub has not answered (`loading`), or cannot be asked. */
export function unknown(reason: UnknownReason = 'loading', last?: SignedIn | SignedOut): Unknown {
  return { status: 'unknown', reason, stale: false, ...(last && { last }) }
}
