import { followSession } from './follow-session.ts'
import type { Parts } from './parts.ts'
import type { Session, SessionOptions } from './session.ts'

/** Files of their own, which bundlers split off. */
const PARTS: Parts = {
  page: async () => (await import('./page/page-part.ts')).part,
  travel: async () => (await import('./travel/travel-part.ts')).part,
  diagnosis: async () => (await import('./diagnosis/diagnosis-part.ts')).part,
}

/**
 * Follows the session of the hub on this page.
 *
 * @throws `IsthmusError` `config-invalid` if `hub` is not an exact origin.
 * @example
 * const session = createSession({ hub: 'https://auth.example.com' })
 * session.subscribe((snapshot) => render(snapshot))
 */
export function createSession(options: SessionOptions): Session {
  return followSession(options, PARTS)
}
