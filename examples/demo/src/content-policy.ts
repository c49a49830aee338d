import { createHash } from 'node:crypto'
import type { RequestHandler } from 'express'

/** What a page needs beyond its own origin. */
export interface PolicyNeeds {
  /** Sources of scripts besides `'self'`: an origin or a hash. */
  readonly scripts?: readonly string[]
  /** The hub's origin: its page is framed, and asked without cookies where the frame stays silent. */
  readonly hub?: string
  /** Where forms may lead, redirects included. */
  readonly forms?: readonly string[]
}

/**
 * A strict Content-Security-Policy with Trusted Types: no inline script or style, no eval, nothing from elsewhere
 * but what is named. Isthmus asks a site for `frame-src` with the hub, for `script-src` if it takes the script tag, and
 * for `connect-src` if it is to tell a hub that is down from one that does not know the site.
 */
export function securityHeaders({ scripts = [], hub, forms = [] }: PolicyNeeds): RequestHandler {
  const policy = [
    "default-src 'none'",
    directive('script-src', ["'self'", ...scripts]),
    "style-src 'self'",
    "img-src 'self'",
    directive('frame-src', hub === undefined ? [] : [hub]),
    directive('connect-src', hub === undefined ? [] : [hub]),
    directive('form-action', forms),
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')

  return (_request, response, next) => {
    response.set({
      'Content-Security-Policy': policy,
      // `no-referrer` would turn the login form's Origin header into "null".
      'Referrer-Policy': 'strict-origin-when-cross-origin',
      'X-Content-Type-Options': 'nosniff',
    })
    next()
  }
}

function directive(name: string, sources: readonly string[]): string {
  return `${name} ${sources.length > 0 ? sources.join(' ') : "'none'"}`
}

/** The CSP sources of the import maps in a page: browsers take an import map only inline, so it is allowed by hash. */
export function importMapHashes(page: string): string[] {
  return [...page.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g)].map(
    ([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`,
  )
}
