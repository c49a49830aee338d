import { IsthmusError, ORIGIN_HEADER, type Origin, originOf, SITE_HEADER, TOKEN_HEADER } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import type { Sites } from '../config/sites.ts'

/** On whose behalf a request is made: one page's origin, and the site it belongs to. */
export interface Embedder {
  readonly origin: Origin
  readonly site: Site
  /** Whether the page mirrors the session, and so needs a site token. */
  readonly wantsToken: boolean
}

/**
 * The page that embeds the hub: whom `Referer` names. `undefined` without a Referer, or with the hub's own, which privacy
 * extensions put in its place; throws if it is registered for none.
 */
export async function embedderByReferer(request: Request, hub: Origin, sites: Sites): Promise<Embedder | undefined> {
  const referer = request.headers.get('referer')
  const origin = referer === null ? undefined : originOf(referer)
  if (referer === null || origin === hub) return undefined
  return registered(origin, sites, named(request))
}

/**
 * The page that the hub page speaks for. Only the hub's own origin can send this header: anyone else's browser
 * asks for leave first (a preflight) and is refused. POSTs must say where they come from; an absent Origin is a no.
 */
export async function embedderByHubPage(request: Request, hub: Origin, sites: Sites): Promise<Embedder> {
  const origin = request.headers.get('origin')
  const from = request.headers.get('sec-fetch-site')
  const same = origin === null ? request.method === 'GET' && (from === null || from === 'same-origin') : origin === hub
  const page = request.headers.get(ORIGIN_HEADER)
  if (!same || page === null) throw new IsthmusError('origin-refused')
  // Registered origins are exact: what equals one is one.
  return registered(page as Origin, sites, {
    id: request.headers.get(SITE_HEADER) ?? undefined,
    wantsToken: request.headers.get(TOKEN_HEADER) === '1',
  })
}

/** A registered page that asks across origins (CORS), by its Origin header. */
export async function embedderByOrigin(request: Request, sites: Sites): Promise<Embedder> {
  return registered(request.headers.get('origin') as Origin | null, sites, named(request))
}

interface Wishes {
  readonly id: string | undefined
  readonly wantsToken: boolean
}

function named(request: Request): Wishes {
  const query = new URL(request.url).searchParams
  return { id: query.get('site') ?? undefined, wantsToken: query.get('token') === '1' }
}

async function registered(
  origin: Origin | null | undefined,
  sites: Sites,
  { id, wantsToken }: Wishes,
): Promise<Embedder> {
  const site = origin && (await sites.byOrigin(origin, id))
  if (!origin || !site) throw new IsthmusError('not-registered')
  return { origin, site, wantsToken }
}
