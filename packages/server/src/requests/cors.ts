import { IsthmusError, type Origin, parseOrigin } from '@isthmus/protocol'
import type { MiddlewareHandler } from 'hono'
import type { Sites } from '../config/sites.ts'

/** How long a browser may remember the leave; the request itself is checked every time. */
const PREFLIGHT_MAX_AGE_S = 600

/**
 * Lets pages on registered origins ask an endpoint themselves, with credentials (Fetch §3.2). The origin is named
 * exactly, on errors as well, so that the page learns which; to all others nothing is said that a browser would
 * pass on, and nothing of what they sent is reflected.
 */
export function shareWithSites(method: 'GET' | 'POST', hub: Origin, sites: Sites): MiddlewareHandler {
  return async (context, next) => {
    const origin = parseOrigin(context.req.header('origin'))
    const isPreflight = context.req.method === 'OPTIONS' && context.req.header('access-control-request-method')
    const leave = origin && origin !== hub && (await sites.ofOrigin(origin)).length > 0 ? leaveFor(origin) : undefined
    if (!isPreflight) await next()
    else if (!leave) throw new IsthmusError('not-registered')
    else context.res = new Response(null, { status: 204, headers: preflightHeaders(method) })
    for (const [name, value] of Object.entries(leave ?? {})) context.res.headers.set(name, value)
    context.res.headers.append('Vary', 'Origin')
  }
}

/** Lets any page read an answer that is public anyway, failures too: from them a client tells what is wrong. */
export const shareWithAll: MiddlewareHandler = async (context, next) => {
  await next()
  context.res.headers.set('Access-Control-Allow-Origin', '*')
}

function leaveFor(origin: Origin): Record<string, string> {
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' }
}

/** What our own client sends needs no preflight; other programs like to name the type of a body that they do not have. */
function preflightHeaders(method: string): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': method,
    'Access-Control-Allow-Headers': 'Content-Type',
    'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_S),
  }
}
