import { ENDPOINTS, IsthmusError } from '@isthmus/protocol'
import { accountPage } from '../pages/account-page.ts'
import type { HubParts } from '../parts.ts'
import { redirect } from '../responses/redirects.ts'
import { endSession } from '../session/end-session.ts'
import { isLive, type Session } from '../session/session.ts'
import { infoOf } from '../session/session-info.ts'
import { beginSignIn } from '../visits/begin-sign-in.ts'

/** `GET /account`: the user's own sessions. */
export async function visitAccount(request: Request, hub: HubParts): Promise<Response> {
  const current = await userOf(request, hub)
  if (!current) return toLogin(request, hub)
  const { sub } = current
  const others = (await hub.sessions.list(sub)).filter(({ sid }) => sid !== current.sid)
  const sites = await hub.sites.all()
  return accountPage({
    current: infoOf(current),
    others: others.sort((a, b) => b.seenAt - a.seenAt).map((session) => infoOf({ ...session, sub })),
    nameOf: (id) => sites.filter((site) => site.id === id).map((site) => site.name ?? site.id)[0],
    now: hub.settings.clock(),
  })
}

/** `POST /account`: ends one session of the same user, or all but this one. */
export async function endSessions(request: Request, hub: HubParts): Promise<Response> {
  if (request.headers.get('origin') !== hub.settings.origin) throw new IsthmusError('origin-refused')
  const current = await userOf(request, hub)
  if (!current) return toLogin(request, hub)
  const end = new URLSearchParams(await request.text()).get('end')
  if (end === null) throw new IsthmusError('invalid-request')
  if (end === current.sid) {
    await endSession(end, 'logout', hub)
    return redirect(ENDPOINTS.signedOut.path)
  }
  // Looked up among the user's own: an id of anybody else's session ends nothing.
  const own = (await hub.sessions.list(current.sub)).filter(({ sid }) => sid !== current.sid)
  const ending = end === 'others' ? own : own.filter(({ sid }) => sid === end)
  await Promise.all(ending.map(({ sid }) => endSession(sid, 'revoked', hub)))
  return redirect(ENDPOINTS.account.path)
}

async function userOf(request: Request, hub: HubParts): Promise<(Session & { readonly sub: string }) | undefined> {
  const session = await hub.carriers.ofBrowser(request)
  return session && isLive(session, hub.settings.clock()) ? session : undefined
}

/** To the login page, and back here afterwards. */
async function toLogin(request: Request, hub: HubParts): Promise<Response> {
  const { address, cookies } = await beginSignIn({}, request, hub)
  return redirect(address, cookies)
}
