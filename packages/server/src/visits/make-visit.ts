import { GUEST_COOKIE } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { readSecrets } from '../requests/read-cookies.ts'
import { goOn, redirect, redirectBack } from '../responses/redirects.ts'
import { guestCookie } from '../responses/set-cookies.ts'
import { guestIdOf } from '../session/guests.ts'
import { createSecret } from '../session/secrets.ts'
import { isLive } from '../session/session.ts'
import { beginSignIn } from './begin-sign-in.ts'
import { addressBack, type CheckedVisit } from './visit.ts'

/** How the user is led on. */
interface Ways {
  readonly back: (address: string, cookies: readonly string[]) => Response | Promise<Response>
  readonly toLogin: (address: string, cookies: readonly string[]) => Response | Promise<Response>
}

/** How `/link` and `/login` lead on. */
export const BY_REDIRECTS: Ways = { back: redirectBack, toLogin: redirect }

/** How `/continue` does: its own form's policy admits nothing else. */
export const BY_PAGES: Ways = { back: goOn, toLogin: goOn }

/** Makes a visit that its site or its user began: a registered one is used up here. */
export async function makeVisit(visit: CheckedVisit, request: Request, hub: HubParts, ways: Ways): Promise<Response> {
  if (visit.id !== undefined) await hub.visits.take(visit.id)
  const session = await hub.carriers.ofBrowser(request)
  const isSignedIn = session !== undefined && isLive(session, hub.settings.clock())
  const isSilent = visit.prompt === 'none' || (visit.to === 'link' && visit.prompt !== 'login')
  const asks = visit.prompt === 'login' || !(isSignedIn || isSilent)
  if (asks) {
    const { site, origin, returnTo, challenge } = visit
    const back = { site: site.id, origin, returnTo, challenge }
    const { address, cookies } = await beginSignIn({ back }, request, hub)
    return ways.toLogin(address, cookies)
  }
  // A session that has a successor is that of another browser, or of a cookie from a backup.
  if (session && session.successor === undefined) {
    return ways.back(await addressBack(visit, { sid: session.sid }, hub), [])
  }
  const guest = readSecrets(request, GUEST_COOKIE)[0] ?? createSecret()
  return ways.back(await addressBack(visit, { guest: guestIdOf(guest) }, hub), [guestCookie(guest)])
}
