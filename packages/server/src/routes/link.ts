import { visitPage } from '../pages/visit-page.ts'
import type { HubParts } from '../parts.ts'
import { initiatorOf } from '../requests/initiator.ts'
import { redirect } from '../responses/redirects.ts'
import { BY_REDIRECTS, makeVisit } from '../visits/make-visit.ts'
import { type CheckedVisit, readVisit } from '../visits/visit.ts'

/**
 * `GET /link`: the silent visit. The hub is first-party here, so its own cookie says whom this browser belongs to. A
 * browser that is signed out comes back as a guest: its partitions then know that it is, and hear of a later sign-in.
 */
export function linkPartition(request: Request, hub: HubParts): Promise<Response> {
  return receive('link', request, hub)
}

/** `GET /login`: back at once if there is a session already; else to the login page, which remembers where to go back to. */
export function startLogin(request: Request, hub: HubParts): Promise<Response> | Response {
  if (new URL(request.url).searchParams.size === 0) return redirect(hub.settings.loginPath)
  return receive('login', request, hub)
}

/** Only a page of the very site goes on at once. Anybody else may have begun to get the ticket, and its user is asked. */
async function receive(to: CheckedVisit['to'], request: Request, hub: HubParts): Promise<Response> {
  const visit = await readVisit(to, new URL(request.url).searchParams, hub)
  const known = { hub: hub.settings.origin, own: visit.site.origins }
  if (initiatorOf(request.headers, known) !== 'own-site') return visitPage(visit)
  return makeVisit(visit, request, hub, BY_REDIRECTS)
}
