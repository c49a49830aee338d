import { ENDPOINTS, IsthmusError, originOf } from '@isthmus/protocol'
import { confirmLogoutPage, signedOutPage } from '../pages/pages.ts'
import type { HubParts } from '../parts.ts'
import { checkBounce, redirect } from './bounce.ts'

/**
 * `GET /logout`: a registered site sent the user here by a navigation: the session ends at once.
 * Anyone else's link only leads to a question, so that no foreign page signs people out.
 */
export async function visitLogout(request: Request, hub: HubParts): Promise<Response> {
  const query = new URL(request.url).searchParams
  const backTo = await wayBack(query, hub)
  const from = originOf(request.headers.get('referer'))
  const trusted = from !== undefined && (from === hub.settings.origin || (await isRegistered(from, hub)))
  const navigated =
    request.headers.get('sec-fetch-mode') === 'navigate' && request.headers.get('sec-fetch-dest') === 'document'
  if (trusted && navigated) return endAndLeave(request, backTo, hub)
  const action = query.size === 0 ? ENDPOINTS.logout.path : `${ENDPOINTS.logout.path}?${query}`
  return confirmLogoutPage(action, backTo && originOf(backTo))
}

/** `POST /logout`: the user confirmed, on the hub's own page. */
export async function confirmLogout(request: Request, hub: HubParts): Promise<Response> {
  if (request.headers.get('origin') !== hub.settings.origin) throw new IsthmusError('origin-refused')
  return endAndLeave(request, await wayBack(new URL(request.url).searchParams, hub), hub)
}

async function wayBack(query: URLSearchParams, hub: HubParts): Promise<string | undefined> {
  return query.has('return_to') ? (await checkBounce(query, hub)).returnTo : undefined
}

async function isRegistered(origin: string, { sites }: HubParts): Promise<boolean> {
  return (await sites.all()).some((site) => (site.origins as readonly string[]).includes(origin))
}

async function endAndLeave(request: Request, backTo: string | undefined, hub: HubParts): Promise<Response> {
  const session = await hub.carriers.ofBrowser(request)
  const ended = session && (await hub.sessions.end(session.sid, 'logout'))
  if (ended?.sub) hub.events.emit('sign-out', { sid: ended.sid, sub: ended.sub, reason: 'logout' })
  return backTo === undefined ? signedOutPage() : redirect(backTo)
}
