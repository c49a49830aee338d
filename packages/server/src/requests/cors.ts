import { IsthmusError, type Origin } from '@isthmus/protocol'
import type { Sites } from '../config/sites.ts'
import { appendHeader, type Reply } from '../responses/reply.ts'

/** How long a browser may remember the leave; the request itself is checked every time. */
const PREFLIGHT_MAX_AGE_S = 600

/** The registered origin that a request comes from across origins (Fetch §3.2); `undefined` for all others. */
export async function sharedWith(request: Request, hub: Origin, sites: Sites): Promise<Origin | undefined> {
  const origin = request.headers.get('origin')
  if (origin === null || origin === hub) return undefined
  // Registered origins are exact: what equals one is one.
  return (await sites.ofOrigin(origin as Origin)).length > 0 ? (origin as Origin) : undefined
}

export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('access-control-request-method')
}

/** What our own client sends needs no preflight; other programs like to name the type of a body that they do not have. */
export function answerPreflight(method: 'GET' | 'POST', origin: Origin | undefined): Reply {
  if (origin === undefined) throw new IsthmusError('not-registered')
  const headers = {
    'access-control-allow-methods': method,
    'access-control-allow-headers': 'Content-Type',
    'access-control-max-age': String(PREFLIGHT_MAX_AGE_S),
  }
  return { status: 204, headers, body: null }
}

/**
 * Lets the page read the answer, with credentials. The origin is named exactly, on errors as well, so that the page
 * learns which; to all others nothing is said that a browser would pass on, and nothing of what they sent is reflected.
 */
export function shareWith(origin: Origin | undefined, reply: Reply): void {
  if (origin !== undefined) {
    reply.headers['access-control-allow-origin'] = origin
    reply.headers['access-control-allow-credentials'] = 'true'
  }
  appendHeader(reply, 'vary', 'Origin')
}

/** Lets any page read an answer that is public anyway, failures too: from them a client tells what is wrong. */
export function shareWithAll({ headers }: Reply): void {
  headers['access-control-allow-origin'] = '*'
}
