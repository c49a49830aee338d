import { IsthmusError, redeemSchema, type SiteAnswer } from '@isthmus/protocol'
import { type Asker, askerByHubPage, askerByOrigin } from '../http/asker.ts'
import { partitionedCookie } from '../http/cookies.ts'
import { PRIVATE_HEADERS } from '../http/headers.ts'
import type { HubParts } from '../parts.ts'

/** `GET /session`: the state now, for the hub page, or for a registered origin that asks itself (CORS). */
export async function readSession(request: Request, hub: HubParts): Promise<Response> {
  const origin = request.headers.get('origin')
  if (origin === null || origin === hub.settings.origin) {
    return reply(await currentAnswer(request, await askHubPage(request, hub), hub))
  }
  const asker = await askerByOrigin(request, hub.sites)
  const answer = await currentAnswer(request, asker, hub)
  // Across origins a missing cookie may only mean that the browser withholds it.
  const honest: SiteAnswer =
    answer.carrier === 'none' ? { ...answer, state: { status: 'unlinked', revision: answer.state.revision } } : answer
  return reply(honest, {
    'Access-Control-Allow-Origin': asker.origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Origin',
  })
}

/** `POST /touch`: the user is active on some site. */
export async function touchSession(request: Request, hub: HubParts): Promise<Response> {
  const asker = await askHubPage(request, hub)
  const proof = await hub.carriers.ofFrame(request, asker.site)
  if (!proof) throw new IsthmusError('no-session')
  await hub.sessions.touch(proof.session.sid)
  return reply(await currentAnswer(request, asker, hub))
}

/** `POST /sign-out`: ends the session, everywhere. */
export async function signOutSession(request: Request, hub: HubParts): Promise<Response> {
  const asker = await askHubPage(request, hub)
  const proof = await hub.carriers.ofFrame(request, asker.site)
  if (!proof) throw new IsthmusError('no-session')
  const ended = await hub.sessions.end(proof.session.sid, 'logout')
  if (ended?.sub) hub.events.emit('sign-out', { sid: ended.sid, sub: ended.sub, reason: 'logout' })
  return reply(await currentAnswer(request, asker, hub))
}

/** `POST /redeem`: burns a ticket; the partition gets a carrier of its own. */
export async function redeemTicket(request: Request, hub: HubParts): Promise<Response> {
  const asker = await askHubPage(request, hub)
  const body = redeemSchema.safeParse(await request.json().catch(() => undefined))
  if (!body.success) throw new IsthmusError('invalid-request')
  const { ticket, verifier } = body.data
  const sid = await hub.tickets.redeem(ticket, verifier, { site: asker.site.id, origin: asker.origin })
  const session = await hub.sessions.get(sid)
  if (!session) throw new IsthmusError('ticket-unknown')
  const secret = await hub.sessions.branch(session, asker.site.id)
  hub.events.emit('link', { sid, site: asker.site.id })
  return reply(await hub.carriers.answer({ carrier: 'partitioned', session }, asker), {
    'Set-Cookie': partitionedCookie(asker.site.id, secret, session, hub.settings.clock()),
  })
}

function askHubPage(request: Request, { settings, sites }: HubParts): Promise<Asker> {
  return askerByHubPage(request, settings.origin, sites)
}

async function currentAnswer(request: Request, asker: Asker, { carriers }: HubParts): Promise<SiteAnswer> {
  return carriers.answer(await carriers.ofFrame(request, asker.site), asker)
}

function reply(answer: SiteAnswer, headers: Record<string, string> = {}): Response {
  return Response.json(answer, { headers: { ...PRIVATE_HEADERS, ...headers } })
}
