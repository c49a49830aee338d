import { LOGIN_COOKIE } from '@isthmus/protocol'
import { pairsOf } from '../requests/read-cookies.ts'

/**
 * Whether this browser began a pending sign-in. The hub notes those in Lax cookies of the browser: an address that was
 * planted in another one comes without.
 */
export function beganHere(request: Request, pending: string): boolean {
  return pairsOf(request).some(([name, value]) => name === LOGIN_COOKIE && decodeURIComponent(value) === pending)
}
