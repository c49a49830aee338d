import type { ServerResponse } from 'node:http'
import { MIRROR_PATH } from '@isthmus/protocol'
import { type BackchannelLogoutOptions, backchannelLogout as receiveLogout } from './backchannel-logout.ts'
import type { Verifier } from './create-verifier.ts'
import { mirrorEndpoint as keepToken, type MirrorOptions } from './mirror-endpoint.ts'
import { type Incoming, type Middleware, toNode } from './node.ts'
import type { Verdict } from './verdict.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in; set by `app.use(isthmus(verifier))`. */
      isthmus: Verdict
    }
  }
}

/**
 * Puts the {@link Verdict} of every request into `request.isthmus`, for handlers and templates after it. A page made for
 * one user is nobody else's: the answer becomes `Cache-Control: private, no-cache` and `Vary: Cookie`, unless a
 * handler says otherwise. Mount static files before it.
 */
export function isthmus(verifier: Verifier): Middleware {
  return (request, response, next) => {
    verifier.verify(request).then((verdict) => {
      Object.assign(request, { isthmus: verdict })
      response.setHeader('Cache-Control', 'private, no-cache')
      ;(response as ServerResponse).appendHeader('Vary', 'Cookie, Authorization')
      next?.()
    }, next)
  }
}

/** `app.use(mirrorEndpoint(verifier, { origins }))`: POST and DELETE at `/isthmus/mirror`; other paths go on. */
export function mirrorEndpoint(verifier: Verifier, options: MirrorOptions & { readonly path?: string }): Middleware {
  const { path = MIRROR_PATH, ...rest } = options
  const handle = toNode(keepToken(verifier, rest))
  return (request, response, next) => {
    if (pathOf(request) === path) handle(request, response, next)
    else next?.()
  }
}

/** `app.post('/isthmus/backchannel-logout', backchannelLogout(verifier))`: at the address you gave to the hub. */
export function backchannelLogout(verifier: Verifier, options: BackchannelLogoutOptions = {}): Middleware {
  return toNode(receiveLogout(verifier, options))
}

/** The path without a slash at its end: frameworks that insist on one (`trailingSlash`) redirect, and a mirror follows nothing. */
function pathOf(request: Incoming): string | undefined {
  return (request.originalUrl ?? request.url)?.split('?', 1)[0]?.replace(/(?<=.)\/$/, '')
}
