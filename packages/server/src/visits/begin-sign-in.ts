import type { HubParts } from '../parts.ts'
import { PENDING_QUERY, pendingOf } from '../requests/pending.ts'
import { readGuestId } from '../requests/read-cookies.ts'
import { clearLoginCookie, loginCookie } from '../responses/set-cookies.ts'
import type { PendingSignIn } from './pending-sign-ins.ts'

/** A browser keeps this many pending sign-ins: a tab each, and headers that no proxy refuses. */
const PENDING_LIMIT = 5

/** To the login page: of where to go afterwards the address holds a short id, and a cookie that this browser began. */
export async function beginSignIn(
  pending: PendingSignIn,
  request: Request,
  { pendingSignIns, settings: { loginPath } }: HubParts,
): Promise<{ address: string; cookies: string[] }> {
  const guest = readGuestId(request)
  const id = await pendingSignIns.begin({ ...pending, ...(guest !== undefined && { guest }) })
  const tooMany = pendingOf(request).slice(0, -(PENDING_LIMIT - 1))
  return {
    address: `${loginPath}${loginPath.includes('?') ? '&' : '?'}${PENDING_QUERY}=${id}`,
    cookies: [loginCookie(id), ...tooMany.map(clearLoginCookie)],
  }
}
