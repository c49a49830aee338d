import type { HubParts } from '../parts.ts'
import { loginCookie, sessionCookie } from '../responses/set-cookies.ts'
import { isLive } from '../session/session.ts'
import { checkBounce, loginAddress, redirect, returnWithTicket } from './bounce.ts'

/**
 * `GET /link`: the silent bounce. The hub is first-party here, so its own cookie says whom this browser belongs to.
 * A browser that is signed out gets a guest session: its partitions then know that they are, and hear of a later sign-in.
 */
export async function linkPartition(request: Request, hub: HubParts): Promise<Response> {
  const bounce = await checkBounce(new URL(request.url).searchParams, hub)
  if (bounce.prompt === 'login') return startLogin(request, hub)
  const now = hub.settings.clock()
  const known = await hub.carriers.ofBrowser(request)
  const passedOver = known !== undefined && known.successor !== undefined
  if (known && !passedOver) return redirect(await returnWithTicket(bounce, known, hub))
  const { session, secret } = await hub.sessions.begin(undefined)
  return redirect(await returnWithTicket(bounce, session, hub), [sessionCookie(secret, session, now)])
}

/** `GET /login`: back at once if there is a session already; else to the login page, which remembers where to go back to. */
export async function startLogin(request: Request, hub: HubParts): Promise<Response> {
  const { searchParams } = new URL(request.url)
  const { loginPath } = hub.settings
  if (searchParams.size === 0) return redirect(loginPath)
  const bounce = await checkBounce(searchParams, hub)
  const session = await hub.carriers.ofBrowser(request)
  if (session && isLive(session, hub.settings.clock()) && bounce.prompt !== 'login') {
    return redirect(await returnWithTicket(bounce, session, hub))
  }
  if (bounce.prompt === 'none') return linkPartition(request, hub)
  const pending = searchParams.toString()
  return redirect(loginAddress(pending, hub.settings), [loginCookie(pending)])
}
