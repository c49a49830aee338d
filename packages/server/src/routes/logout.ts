import { ENDPOINTS, IsthmusError } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import { confirmLogoutPage } from '../pages/pages.ts'
import type { HubParts } from '../parts.ts'
import { initiatorOf, isProvenNavigation, refererOriginOf } from '../requests/initiator.ts'
import { goOn, redirect } from '../responses/redirects.ts'
import { endSession } from '../session/end-session.ts'
import { readDestination } from '../visits/visit.ts'

/**
 * `GET /logout`: a registered site sent the user here by a navigation: the session ends at once. Anything else only
 * leads to a question, whether there is a session or not: no foreign page signs people out, or learns who is in.
 */
export async function visitLogout(request: Request, hub: HubParts): Promise<Response> {
  const query = new URL(request.url).searchParams
  const backTo = await wayBack(query, hub)
  const site = await siteThatAsks(request, hub)
  if (site) return endAndLeave(request, backTo, site, hub)
  return confirmLogoutPage(query.size === 0 ? ENDPOINTS.logout.path : `${ENDPOINTS.logout.path}?${query}`)
}

/** `POST /logout`: the user confirmed, on the hub's own page. */
export async function confirmLogout(request: Request, hub: HubParts): Promise<Response> {
  if (request.headers.get('origin') !== hub.settings.origin) throw new IsthmusError('origin-refused')
  const backTo = await wayBack(new URL(request.url).searchParams, hub)
  const response = await endAndLeave(request, backTo, undefined, hub)
  // Chromium holds a redirect after the form to the form's own policy.
  return backTo === undefined ? response : goOn(backTo)
}

async function wayBack(query: URLSearchParams, hub: HubParts): Promise<string | undefined> {
  return query.has('return_to') ? (await readDestination(query, hub)).returnTo : undefined
}

/** Any site that the page is registered for: the session ends for all of them. */
async function siteThatAsks({ headers }: Request, { sites, settings }: HubParts): Promise<Site | undefined> {
  const from = refererOriginOf(headers)
  const site = from && (await sites.ofOrigin(from))[0]
  if (!site || !isProvenNavigation(headers)) return undefined
  return initiatorOf(headers, { hub: settings.origin, own: site.origins }) === 'own-site' ? site : undefined
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
