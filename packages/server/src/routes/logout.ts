import { ENDPOINTS, IsthmusError, type Origin, originOf } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import { confirmLogoutPage } from '../pages/pages.ts'
import type { HubParts } from '../parts.ts'
import { endSession } from '../session/end-session.ts'
import { isLive } from '../session/session.ts'
import { checkBounce, redirect } from './bounce.ts'

/**
 * `GET /logout`: a registered site sent the user here by a navigation: the session ends at once.
 * Anyone else's link only leads to a question, so that no foreign page signs people out.
 */
export async function visitLogout(request: Request, hub: HubParts): Promise<Response> {
  const query = new URL(request.url).searchParams
  const backTo = await wayBack(query, hub)
  const from = originOf(request.headers.get('referer'))
  const site = from && (await siteOf(from, hub))
  const trusted = site !== undefined || (from !== undefined && from === hub.settings.origin)
  const navigated =
    request.headers.get('sec-fetch-mode') === 'navigate' && request.headers.get('sec-fetch-dest') === 'document'
  if (trusted && navigated) return endAndLeave(request, backTo, site, hub)
  const session = await hub.carriers.ofBrowser(request)
  if (!session || !isLive(session, hub.settings.clock())) return leave(backTo, site)
  const action = query.size === 0 ? ENDPOINTS.logout.path : `${ENDPOINTS.logout.path}?${query}`
  return confirmLogoutPage(action, backTo && originOf(backTo))
}

/** `POST /logout`: the user confirmed, on the hub's own page. */
export async function confirmLogout(request: Request, hub: HubParts): Promise<Response> {
  if (request.headers.get('origin') !== hub.settings.origin) throw new IsthmusError('origin-refused')
  return endAndLeave(request, await wayBack(new URL(request.url).searchParams, hub), undefined, hub)
}

async function wayBack(query: URLSearchParams, hub: HubParts): Promise<string | undefined> {
  return query.has('return_to') ? (await checkBounce(query, hub)).returnTo : undefined
}

/** Any site that the origin is registered for: the session ends for all of them. */
async function siteOf(origin: Origin, { sites }: HubParts): Promise<Site | undefined> {
  return (await sites.ofOrigin(origin))[0]
}

async function endAndLeave(
  request: Request,
  backTo: string | undefined,
  site: Site | undefined,
  hub: HubParts,
): Promise<Response> {
  const session = await hub.carriers.ofBrowser(request)
  if (session) await endSession(session.sid, 'logout', hub)
  return leave(backTo, site)
}

/**
 * Back at once if the site asked for it: it has a page of its own for the signed-out, and the other sites are told
 * without the user's waiting. Otherwise to the common page, which has an address of its own: to load it again ends nothing.
 */
function leave(backTo: string | undefined, site: Site | undefined): Response {
  const { path } = ENDPOINTS.signedOut
  return redirect(backTo ?? (site ? `${path}?site=${site.id}` : path))
}
