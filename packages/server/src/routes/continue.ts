import { ENDPOINTS, IsthmusError } from '@isthmus/protocol'
import { mayReturnTo } from '../config/site.ts'
import type { HubParts } from '../parts.ts'
import { pendingOf } from '../requests/pending.ts'
import { goOn, redirect } from '../responses/redirects.ts'
import { clearLoginCookie } from '../responses/set-cookies.ts'
import { isLive } from '../session/session.ts'
import { BY_PAGES, makeVisit } from '../visits/make-visit.ts'
import type { PendingSignIn } from '../visits/pending-sign-ins.ts'
import { addressBack, readVisit } from '../visits/visit.ts'

/** `POST /continue`: the user confirmed a visit, on the hub's own page. */
export async function confirmVisit(request: Request, hub: HubParts): Promise<Response> {
  if (request.headers.get('origin') !== hub.settings.origin) throw new IsthmusError('origin-refused')
  const query = new URL(request.url).searchParams
  const to = query.get('to')
  if (to !== 'link' && to !== 'login') throw new IsthmusError('invalid-request')
  return makeVisit(await readVisit(to, query, hub), request, hub, BY_PAGES)
}

/**
 * `GET /continue`: after the password, back to the site that asked. In the browser that began, for the session that was
 * begun by that very sign-in; anything else leads to the auth domain's own start page.
 */
export async function continueSignIn(request: Request, hub: HubParts): Promise<Response> {
  const id = new URL(request.url).searchParams.get('pending') ?? ''
  if (!request.headers.has('cookie') && (await hub.pendingSignIns.find(id))) {
    throw new IsthmusError('no-session', 'This browser keeps no cookies here: nobody can be signed in by it.')
  }
  const session = pendingOf(request).includes(id) ? await hub.carriers.ofBrowser(request) : undefined
  const isSignedIn = session !== undefined && isLive(session, hub.settings.clock())
  const pending = isSignedIn ? await hub.pendingSignIns.take(id, session.sid) : undefined
  if (!pending || !session) return redirect('/')
  const cookies = [clearLoginCookie(id)]
  const to = pending.back ? await wayTo(pending.back, session.sid, hub) : ENDPOINTS.account.path
  return to === undefined ? redirect('/', cookies) : goOn(to, cookies)
}

/** Checked again: the registration of the site may have changed meanwhile. */
async function wayTo(
  { site: id, ...back }: NonNullable<PendingSignIn['back']>,
  sid: string,
  hub: HubParts,
): Promise<string | undefined> {
  const site = await hub.sites.byId(id)
  return site && mayReturnTo(site, back.returnTo) ? addressBack({ ...back, site }, { sid }, hub) : undefined
}
