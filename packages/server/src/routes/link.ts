import { GUEST_COOKIE } from '@isthmus/protocol'
import { visitPage } from '../pages/visit-page.ts'
import type { HubParts } from '../parts.ts'
import { initiatorOf } from '../requests/initiator.ts'
import { PENDING_QUERY, pendingOf } from '../requests/pending.ts'
import { readSecrets } from '../requests/read-cookies.ts'
import { goOn, redirect, redirectBack } from '../responses/redirects.ts'
import { clearLoginCookie, guestCookie, loginCookie } from '../responses/set-cookies.ts'
import { guestIdOf } from '../session/guests.ts'
import { createSecret } from '../session/secrets.ts'
import { isLive } from '../session/session.ts'
import type { PendingSignIn } from '../visits/pending-sign-ins.ts'
import { addressBack, type CheckedVisit, readVisit } from '../visits/visit.ts'

/** A browser keeps this many pending sign-ins: a tab each, and headers that no proxy refuses. */
const PENDING_LIMIT = 5

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
  const sites = await hub.sites.all()
  const known = {
    hub: hub.settings.origin,
    own: visit.site.origins,
    registered: sites.flatMap(({ origins }) => origins),
  }
  if (initiatorOf(request.headers, known) !== 'own-site') return visitPage(visit)
  return makeVisit(visit, request, hub, { back: redirectBack, toLogin: redirect })
}

interface Ways {
  readonly back: (address: string, cookies: readonly string[]) => Response | Promise<Response>
  readonly toLogin: (address: string, cookies: readonly string[]) => Response | Promise<Response>
}

/** `POST /continue` leads on by pages: its own form's policy admits nothing else. */
export const BY_PAGES: Ways = { back: goOn, toLogin: goOn }

/** Makes a visit that its site or its user began: a registered one is used up here. */
export async function makeVisit(visit: CheckedVisit, request: Request, hub: HubParts, ways: Ways): Promise<Response> {
  if (visit.id !== undefined) await hub.visits.take(visit.id)
  const session = await hub.carriers.ofBrowser(request)
  const isSignedIn = session !== undefined && isLive(session, hub.settings.clock())
  const isSilent = visit.prompt === 'none' || (visit.to === 'link' && visit.prompt !== 'login')
  const asks = visit.prompt === 'login' || !(isSignedIn || isSilent)
  if (asks) {
    const { address, cookies } = await beginSignIn({ back: backOf(visit) }, request, hub)
    return ways.toLogin(address, cookies)
  }
  // A session that has a successor is that of another browser, or of a cookie from a backup.
  if (session && session.successor === undefined) {
    return ways.back(await addressBack(visit, { sid: session.sid }, hub), [])
  }
  const guest = readSecrets(request, GUEST_COOKIE)[0] ?? createSecret()
  return ways.back(await addressBack(visit, { guest: guestIdOf(guest) }, hub), [guestCookie(guest)])
}

function backOf({ site, origin, returnTo, challenge }: CheckedVisit): NonNullable<PendingSignIn['back']> {
  return { site: site.id, origin, returnTo, challenge }
}

/** To the login page: of where to go afterwards the address holds a short id, and a cookie that this browser began. */
export async function beginSignIn(
  pending: PendingSignIn,
  request: Request,
  { pendingSignIns, settings: { loginPath } }: HubParts,
): Promise<{ address: string; cookies: string[] }> {
  const [secret] = readSecrets(request, GUEST_COOKIE)
  const id = await pendingSignIns.begin({ ...pending, ...(secret !== undefined && { guest: guestIdOf(secret) }) })
  const tooMany = pendingOf(request).slice(0, -(PENDING_LIMIT - 1))
  return {
    address: `${loginPath}${loginPath.includes('?') ? '&' : '?'}${PENDING_QUERY}=${id}`,
    cookies: [loginCookie(id), ...tooMany.map(clearLoginCookie)],
  }
}
