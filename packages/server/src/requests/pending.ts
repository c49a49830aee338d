import { LOGIN_COOKIE_PREFIX, visitIdSchema } from '@isthmus/protocol'
import { pairsOf } from './read-cookies.ts'
import { headerOf, queryOf, type RequestLike } from './request-like.ts'

/** Name of the query of the login page that holds the id of a pending sign-in. */
export const PENDING_QUERY = 'isthmus'

/** The pending sign-ins that this browser began, oldest first: browsers send cookies in the order in which they were set. */
export function pendingOf(request: RequestLike): string[] {
  const names = pairsOf(request).map(([name]) => name)
  const ids = names
    .filter((name) => name.startsWith(LOGIN_COOKIE_PREFIX))
    .map((name) => name.slice(LOGIN_COOKIE_PREFIX.length))
  return ids.filter((id) => visitIdSchema.safeParse(id).success)
}

/**
 * The pending sign-in that a login form was sent for. A form that drops the query of its page leaves it in the Referer,
 * which tells two tabs apart; without that it is known only where this browser began no other.
 */
export function pendingNamedBy(request: RequestLike, hub: string): string | undefined {
  const own = pendingOf(request)
  const page = headerOf(request, 'referer') ?? ''
  const byPage = page.startsWith(`${hub}/`) ? queryOf({ headers: {}, url: page }).get(PENDING_QUERY) : null
  const named = queryOf(request).get(PENDING_QUERY) ?? byPage
  // A browser that keeps no cookies at all is told so by /continue, which checks this again.
  const keepsNone = headerOf(request, 'cookie') === undefined
  if (named !== null) return keepsNone || own.includes(named) ? named : undefined
  return own.length === 1 ? own[0] : undefined
}
