import { type Origin, originOf } from '@isthmus/protocol'

/**
 * Who began a request of a top-level endpoint.
 *
 * - `own-site`: a page of the very site that the visit is for, by a navigation of the whole tab
 * - `hub`: the Referer names the hub itself. Extensions forge it so: it proves nothing
 * - `stranger`, `none`: a page of any other origin, or one that no header names
 * - `frame`, `resource`: no navigation of the whole tab
 * - `prefetch`: the browser guesses where its user might go
 */
export type Initiator = 'own-site' | 'hub' | 'stranger' | 'none' | 'frame' | 'resource' | 'prefetch'

/** The origins that a Referer is compared with. */
export interface Known {
  readonly hub: Origin
  /** Of the site that the visit is for. */
  readonly own: readonly Origin[]
}

const FRAMES: readonly unknown[] = ['iframe', 'frame', 'object', 'embed', 'fencedframe']

/** Headers by which browsers say that they only guess: today's, and those of older versions. */
const PREFETCH_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const

/** Judges who began a request. Pure: the headers decide, and an absent one is never taken for a good one. */
export function initiatorOf(headers: Headers, { hub, own }: Known): Initiator {
  if (isPrefetch(headers)) return 'prefetch'
  const destination = headers.get('sec-fetch-dest')
  if (FRAMES.includes(destination)) return 'frame'
  // Browsers without these headers (Safari before 16.4) are judged by the Referer alone.
  if ((destination ?? 'document') !== 'document') return 'resource'
  if ((headers.get('sec-fetch-mode') ?? 'navigate') !== 'navigate') return 'resource'
  if (!headers.get('referer')) return 'none'
  const from = refererOriginOf(headers)
  if (from === undefined) return 'stranger'
  if (from === hub) return 'hub'
  return own.includes(from) ? 'own-site' : 'stranger'
}

/** The origin that the Referer names. A raw "\" in its query, which browsers leave there, is no part of that. */
export function refererOriginOf(headers: Headers): Origin | undefined {
  return originOf(headers.get('referer')?.split('?', 1)[0])
}

/** Whether the browser says that its user may never see the answer. */
export function isPrefetch(headers: Headers): boolean {
  return PREFETCH_HEADERS.some((name) => /prefetch|prerender|preview/.test(headers.get(name) ?? ''))
}

/** Whether the browser itself says that a navigation of the whole tab is what it asks for. */
export function isProvenNavigation(headers: Headers): boolean {
  return headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
}

/** Query of the hub's page in between, for browsers that do not say whose page led somewhere: it leads on once. */
export const AGAIN = 'again'

/**
 * Whether no other page can watch how the hub answers: its user typed the address, or a page of the hub led there. A
 * page that another one opened is cut off from it by a page of the hub in between (Cross-Origin-Opener-Policy).
 */
export function isUnwatched({ headers, url }: Request, hub: Origin): boolean {
  const from = headers.get('sec-fetch-site')
  if (from === null) return originOf(headers.get('referer')) === hub || new URL(url).searchParams.has(AGAIN)
  return (from === 'none' || from === 'same-origin') && headers.get('sec-fetch-dest') === 'document'
}
