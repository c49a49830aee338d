import { ENDPOINTS, isTrustworthyOrigin, type Origin } from '@isthmus/protocol'
import { sha256Source } from './content-hash.ts'

/** A browser that was here by https comes back by https alone, for a year. */
const HSTS = 'max-age=31536000'

/**
 * On every answer that says nothing else, names in lower case: no other origin embeds or frames it, or keeps a hold of a
 * window that shows it; opened by itself it runs and loads nothing.
 */
export function isolatingHeaders(hub: Origin): readonly (readonly [name: string, value: string])[] {
  // A name that every developer has, such as auth.localhost, is never bound to https.
  const isLoopback = isTrustworthyOrigin(hub.replace('https:', 'http:') as Origin)
  return [
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
    ['x-content-type-options', 'nosniff'],
    ...(isLoopback ? [] : [['strict-transport-security', HSTS] as const]),
  ]
}

/** What no page of the hub uses, whoever embeds it. Every engine that reads the header knows these names. */
const PERMISSIONS = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'

/** A page or an answer about one user: nobody keeps it, nobody guesses its type. */
export const PRIVATE_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

/** A stream of answers: a proxy that compressed or buffered it would hold it back. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  ...PRIVATE_HEADERS,
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  // Proxies such as nginx would hold events back until a buffer is full.
  'X-Accel-Buffering': 'no',
}

interface HubPageParts {
  readonly hub: Origin
  readonly greeter: string
  /** Of the page's button, where it has one. */
  readonly style: string | undefined
  /** The origins that may frame the page. */
  readonly ancestors: readonly Origin[]
}

/** The hub's own scripts, and nothing else of its origin. */
function scriptsOf(hub: Origin): string {
  return hub + ENDPOINTS.assets.path.replace(':file', '')
}

/** Headers of the page for embedding: only `ancestors` may frame it, only its own scripts run, only the hub is asked. */
export function hubPageHeaders({ hub, greeter, style, ancestors }: HubPageParts): Record<string, string> {
  return {
    ...PRIVATE_HEADERS,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src ${sha256Source(greeter)} ${scriptsOf(hub)}`,
      ...(style === undefined ? [] : [`style-src ${sha256Source(style)}`]),
      `worker-src ${scriptsOf(hub)}`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types isthmus',
      `frame-ancestors ${ancestors.join(' ')}`,
    ].join('; '),
    // Pages under COEP require-corp embed only what carries both.
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Permissions-Policy': PERMISSIONS,
    Vary: 'Referer, Cookie, Sec-Fetch-Storage-Access',
  }
}

/**
 * Headers of a script whose address holds the hash of its content: any page may load it, as a module too. A worker runs
 * under the policy of its own response; where the script is loaded otherwise, that policy means nothing.
 */
export function assetHeaders(hub: Origin, exact: boolean): Record<string, string> {
  return {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Cache-Control': exact ? 'public, max-age=31536000, immutable' : 'no-store',
    'Content-Security-Policy': `default-src 'none'; script-src ${scriptsOf(hub)}; connect-src 'self'`,
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Headers of the SDK for script tags: public, and fit for pages with COEP or `crossorigin`. */
export const CLIENT_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/javascript; charset=utf-8',
  'Cache-Control': 'public, max-age=3600, stale-while-revalidate=86400',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Access-Control-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
}

/** Headers of a page people see: framed by nobody; no script runs but the given one. */
export function visiblePageHeaders(style: string, script?: string): Record<string, string> {
  return {
    ...PRIVATE_HEADERS,
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src ${sha256Source(style)}`,
      ...(script === undefined ? [] : [`script-src ${sha256Source(script)}`]),
      "base-uri 'none'",
      // Chromium holds the redirects after a form to this as well: the way to a site is a page that leads on.
      "form-action 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Permissions-Policy': PERMISSIONS,
    // POST needs an Origin that is not "null": no-referrer would take it away.
    'Referrer-Policy': 'same-origin',
  }
}
