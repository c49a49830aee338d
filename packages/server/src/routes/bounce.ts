import {
  type Bounce,
  bounceSchema,
  ENDPOINTS,
  IsthmusError,
  type Origin,
  originOf,
  RETURN_TO_LIMIT,
  TICKET_FRAGMENT,
} from '@isthmus/protocol'
import type { Settings } from '../config/hub-config.ts'
import type { Site } from '../config/site.ts'
import type { HubParts } from '../parts.ts'
import type { Session } from '../session/session.ts'

/** A top-level visit that a site asked for, after its way back was checked. */
export interface CheckedBounce {
  readonly site: Site
  readonly origin: Origin
  readonly returnTo: string
  readonly challenge: string | undefined
  readonly prompt: Bounce['prompt']
}

/** Parses the query of a bounce. The way back must be on one of the site's own origins: the hub redirects nowhere else. */
export async function checkBounce(
  query: URLSearchParams,
  { sites, visits }: Pick<HubParts, 'sites' | 'visits'>,
): Promise<CheckedBounce> {
  const id = query.get('visit')
  if (id !== null) {
    const visit = await visits.take(id)
    const site = await sites.byId(visit.site)
    if (!site?.origins.includes(visit.origin)) throw new IsthmusError('return-to-refused')
    return { ...visit, site, prompt: visit.prompt }
  }
  const parsed = bounceSchema.safeParse(Object.fromEntries(query))
  if (!parsed.success) {
    throw new IsthmusError(
      'invalid-request',
      `A bounce needs return_to, an absolute URL of at most ${RETURN_TO_LIMIT} characters.`,
    )
  }
  const { return_to: returnTo, site: siteId, challenge, prompt } = parsed.data
  const origin = originOf(returnTo)
  const site = origin && (await sites.byOrigin(origin, siteId))
  if (!origin || !site) throw new IsthmusError('return-to-refused')
  // As browsers write it: Location takes no letters beyond Latin-1.
  return { site, origin, returnTo: new URL(returnTo).href, challenge, prompt }
}

/** Sends the user back; with a ticket for the session, if the client asked for one. */
export async function returnWithTicket(
  bounce: CheckedBounce,
  session: Session,
  { tickets }: HubParts,
): Promise<string> {
  if (bounce.challenge === undefined) return bounce.returnTo
  const back = new URL(bounce.returnTo)
  back.hash = ''
  const { site, origin, challenge } = bounce
  const ticket = await tickets.issue({ sid: session.sid, site: site.id, origin, challenge })
  return `${back.href}#${TICKET_FRAGMENT}=${ticket}`
}

/** Pending sign-in of somebody who wants to see the own sessions. */
export const ACCOUNT_PENDING = 'account='

/** The login page, with what it was asked for by whoever sent the user there. */
export function loginAddress(pending: string, { loginPath }: Settings): string {
  const separator = loginPath.includes('?') ? '&' : '?'
  return `${loginPath}${separator}isthmus=${encodeURIComponent(pending)}`
}

/** Where a user goes who has just signed in: back to the site that asked, checked again, because it travelled through the address bar. */
export async function destinationOf(pending: string | undefined, session: Session, hub: HubParts): Promise<string> {
  if (pending === ACCOUNT_PENDING) return ENDPOINTS.account.path
  const bounce = pending ? await checkBounce(new URLSearchParams(pending), hub).catch(() => undefined) : undefined
  return bounce ? returnWithTicket(bounce, session, hub) : '/'
}

/** A redirect that nobody stores. */
export function redirect(to: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ Location: to, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' })
  for (const cookie of cookies) headers.append('Set-Cookie', cookie)
  return new Response(null, { status: 303, headers })
}
