import { IsthmusError, type Origin } from '@isthmus/protocol'
import { headerOf, type RequestLike } from './request-like.ts'

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE: readonly unknown[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * Refuses what another origin's page sends to the program's own routes: a form there could sign its author's user in, or
 * this browser's out. Browsers put Origin on every such request; programs without a browser have none.
 */
export function refuseForeignOrigin(request: RequestLike, hub: Origin, call: string): void {
  if (SAFE.includes(request.method)) return
  const origin = headerOf(request, 'origin')
  const from = headerOf(request, 'sec-fetch-site')
  const isOwn = origin === undefined ? from === undefined || from === 'none' || from === 'same-origin' : origin === hub
  if (isOwn) return
  throw new IsthmusError('origin-refused', `${call}: the request comes from ${origin ?? from}. ${cureFor(origin, hub)}`)
}

function cureFor(origin: string | undefined, hub: Origin): string {
  if (origin === 'null') {
    return 'Send "Referrer-Policy: same-origin" on the page with the form: with "no-referrer" browsers hide its origin.'
  }
  return `Refuse it: only pages of ${hub} may ask. If it is a provider's answer to a sign-in, check its state, and name the sign-in that the state belongs to: signIn(request, user, { pending }).`
}
