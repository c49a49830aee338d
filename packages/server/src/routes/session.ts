import { IsthmusError, type Redeemed, redeemSchema, type SiteAnswer } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { type Embedder, embedderByHubPage, embedderByOrigin } from '../requests/embedder.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import { appendHeader, jsonReply, type Reply } from '../responses/reply.ts'
import { partitionedCookie } from '../responses/set-cookies.ts'
import { endSession } from '../session/end-session.ts'
import type { Session } from '../session/session.ts'

/** `GET /session`: the state now, for the hub page, or for a registered origin that asks itself (CORS). */
export async function readSession(request: Request, hub: HubParts): Promise<Reply> {
  const embedder = await embedderOf(request, hub)
  const answer = await hub.answer(await hub.carriers.ofFrame(request, embedder.site), embedder)
  const honest = !isCrossOrigin(request, hub) || answer.carrier !== 'none' || hasItsCookies(request)
  // Across origins a missing cookie may only mean that the browser withholds it.
  return reply(honest ? answer : { ...answer, state: { status: 'unlinked', revision: answer.state.revision } })
}

/**
 * Whether the browser would have sent the hub's cookie if there was one: the page shares the hub's registrable domain,
 * which the browser says, and is not itself embedded by a stranger, which only the page can know.
 */
function hasItsCookies(request: Request): boolean {
  const firstParty = new URL(request.url).searchParams.get('first-party') === '1'
  return firstParty && request.headers.get('sec-fetch-site') === 'same-site'
}

/** `POST /touch`: the user is active on some site. */
export async function touchSession(request: Request, hub: HubParts): Promise<Reply> {
  return actOnSession(request, hub, ({ sid }) => hub.sessions.touch(sid))
}

/** `POST /sign-out`: ends the session, everywhere. */
export async function signOutSession(request: Request, hub: HubParts): Promise<Reply> {
  return actOnSession(request, hub, ({ sid }) => endSession(sid, 'logout', hub))
}

/** Acts on the session that the request proves, and answers with what became of it. */
async function actOnSession(
  request: Request,
  hub: HubParts,
  act: (session: Session) => Promise<unknown>,
): Promise<Reply> {
  const embedder = await embedderOf(request, hub)
  const proof = await hub.carriers.ofFrame(request, embedder.site)
  if (!proof) throw new IsthmusError('no-session')
  await act(proof.session)
  const session = (await hub.sessions.get(proof.session.sid)) ?? proof.session
  return reply(await hub.answer({ ...proof, session }, embedder))
}

/** `POST /redeem`: burns a ticket; the partition gets a carrier of its own. */
export async function redeemTicket(request: Request, hub: HubParts): Promise<Reply> {
  const embedder = await embedderByHubPage(request, hub.settings.origin, hub.sites)
  const body = redeemSchema.safeParse(await request.json().catch(() => undefined))
  if (!body.success) throw new IsthmusError('invalid-request')
  const { ticket, verifier } = body.data
  // Before the ticket burns: a proof with a stale nonce may be sent again.
  const key = await introducedKey(request, hub)
  const bearer = await hub.tickets.redeem(ticket, verifier, { site: embedder.site.id, origin: embedder.origin })
  const session = 'guest' in bearer ? await hub.guests.find(bearer.guest) : await hub.sessions.get(bearer.sid)
  if (!session) throw new IsthmusError('ticket-unknown')
  return giveCarrier(request, embedder, session, key, hub)
}

/**
 * `POST /link`: the browser gave this frame access to the hub's own cookie, by a click or since an earlier one. The
 * partition gets a carrier of its own, which needs no access. It learns no more than by a silent bounce.
 */
export async function linkFrame(request: Request, hub: HubParts): Promise<Reply> {
  const embedder = await embedderByHubPage(request, hub.settings.origin, hub.sites)
  const key = await introducedKey(request, hub)
  const session = await hub.carriers.ofFrames(request)
  if (session?.sub === undefined) throw new IsthmusError('no-session')
  return giveCarrier(request, embedder, session, key, hub)
}

async function introducedKey(request: Request, { dpop }: HubParts): Promise<string | undefined> {
  return request.headers.has('dpop') ? dpop.verify(request) : undefined
}

async function giveCarrier(
  request: Request,
  embedder: Embedder,
  found: Session,
  key: string | undefined,
  hub: HubParts,
): Promise<Reply> {
  const session = await replaceFormer(request, embedder, found, hub)
  // A guest's carrier costs no row.
  if (session.sub !== undefined) await hub.limits.take('carriers', `${session.sid}/${embedder.site.id}`)
  const { branch } = session.sub === undefined ? hub.guests : hub.sessions
  const secret = await branch(session, embedder.site.id)
  const handle = key && (await branch(session, embedder.site.id, key))
  hub.events.emit('link', { sid: session.sid, site: embedder.site.id })
  const answer = await hub.answer({ carrier: 'partitioned', session }, embedder)
  const cookie = partitionedCookie(embedder.site.id, secret, session, hub.settings.clock())
  return reply(handle === undefined ? answer : { ...answer, handle }, cookie)
}

/** A partition shows one user: the session that it had before ends, unless it is the same. */
async function replaceFormer(request: Request, { site }: Embedder, session: Session, hub: HubParts): Promise<Session> {
  const former = await hub.carriers.ofPartition(request, site).catch(() => undefined)
  if (!former || former.session.sid === session.sid) return session
  const ended = await endSession(former.session.sid, 'logout', hub)
  if (!ended) return session
  // The end of the one is told to the same tabs: the other must count as later.
  if (session.sub === undefined) return { ...session, revision: Math.max(session.revision, ended.revision + 1) }
  return hub.sessions.overtake(session, ended.revision)
}

/** The hub page, on behalf of the page around it, or a registered page by itself. */
function embedderOf(request: Request, hub: HubParts): Promise<Embedder> {
  return isCrossOrigin(request, hub)
    ? embedderByOrigin(request, hub.sites)
    : embedderByHubPage(request, hub.settings.origin, hub.sites)
}

function isCrossOrigin(request: Request, { settings }: HubParts): boolean {
  const origin = request.headers.get('origin')
  return origin !== null && origin !== settings.origin
}

function reply(answer: SiteAnswer | Redeemed, cookie?: string): Reply {
  const made = jsonReply(answer, PRIVATE_HEADERS)
  if (cookie !== undefined) appendHeader(made, 'set-cookie', cookie)
  return made
}
