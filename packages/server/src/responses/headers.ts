import type { Origin } from '@isthmus/protocol'
import { sha256Source } from './content-hash.ts'

/** On every answer that says nothing else: no other origin embeds it, or keeps a hold of a window that shows it. */
export const ISOLATING_HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** A page or an answer about one user: nobody keeps it, nobody guesses its type. */
export const PRIVATE_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

interface HubPageParts {
  readonly script: string
  /** Of the page's button, where it has one. */
  readonly style: string
  readonly ancestors: readonly Origin[]
}

/** Headers of the page for embedding: only `ancestors` may frame it, only its own script runs, only the hub is asked. */
export function hubPageHeaders({ script, style, ancestors }: HubPageParts): Record<string, string> {
  return {
    ...PRIVATE_HEADERS,
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src ${sha256Source(script)}`,
      `style-src ${sha256Source(style)}`,
      "worker-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types isthmus',
      `frame-ancestors ${ancestors.length > 0 ? ancestors.join(' ') : "'none'"}`,
    ].join('; '),
    // Pages under COEP require-corp embed only what carries both.
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    Vary: 'Referer, Cookie, Sec-Fetch-Storage-Access',
  }
}

/** Headers of the worker script. It runs under the policy of its own response. */
export const WORKER_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/javascript; charset=utf-8',
  // The address holds the hash of the content.
  'Cache-Control': 'public, max-age=31536000, immutable',
  'Content-Security-Policy': "default-src 'none'; connect-src 'self'",
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
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
      "frame-ancestors 'none'",
    ].join('; '),
    // POST needs an Origin that is not "null": no-referrer would take it away.
    'Referrer-Policy': 'same-origin',
  }
}
