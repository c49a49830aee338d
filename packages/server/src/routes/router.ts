import {
  ENDPOINTS,
  type EndpointName,
  ERRORS,
  IsthmusError,
  type Origin,
  originOf,
  sentenceOf,
} from '@isthmus/protocol'
import { type Counted, retryAfterOf } from '../limits/limits.ts'
import { errorPage } from '../pages/pages.ts'
import type { HubParts } from '../parts.ts'
import { countedAs } from '../requests/client-address.ts'
import { answerPreflight, isPreflight, sharedWith, shareWith, shareWithAll } from '../requests/cors.ts'
import { limitBody, mayHaveBody } from '../requests/limit-body.ts'
import { isolatingHeaders, PRIVATE_HEADERS } from '../responses/headers.ts'
import { type Answer, appendHeader, jsonReply, type Reply, replyOf } from '../responses/reply.ts'
import { malformedCookies } from '../responses/set-cookies.ts'
import { wayBackOf } from '../visits/way-back.ts'
import { endSessions, visitAccount } from './account.ts'
import { assetFile, clientScript } from './assets.ts'
import { confirmVisit, continueSignIn } from './continue.ts'
import { discover } from './discovery.ts'
import { streamEvents } from './events.ts'
import { hubPage } from './hub-page.ts'
import { publishKeys } from './jwks.ts'
import { linkPartition, startLogin } from './link.ts'
import { confirmLogout, visitLogout } from './logout.ts'
import { checkHealth, printMetrics, tellAlive, tellReady } from './ops.ts'
import { linkFrame, readSession, redeemTicket, signOutSession, touchSession } from './session.ts'
import { visitSignedOut } from './signed-out.ts'
import { topLevel, unwatched } from './top-level.ts'
import { registerVisit } from './visits.ts'

/** How much of a refused address is told. */
const PATH_SHOWN = 200
/** The longest origin that is told: no name in the DNS is longer. */
const ORIGIN_SHOWN = 'https://:65535'.length + 253

/** When it is worth to ask again a hub that has no store. */
const RETRY_AFTER_S = '1'

/** What a request is counted as, if that is known. Few are counted: only they have it worked out. */
type CountedAs = () => string | undefined

type Route = (request: Request, hub: HubParts, from: CountedAs) => Answer | Promise<Answer>

/** Those that a hub answers until it ends: they say how it is. */
const ANSWERED_TO_THE_END: readonly (EndpointName | undefined)[] = ['healthz', 'livez', 'readyz', 'metrics']

/** Those whose requests are counted for their address: strangers make the hub write by them. */
const COUNTED: Partial<Record<EndpointName, Counted>> = {
  registerVisit: 'visits',
  link: 'tickets',
  linkFrame: 'tickets',
  redeem: 'tickets',
  confirmVisit: 'tickets',
  login: 'signIns',
}

const ROUTES: Record<EndpointName, Route> = {
  hub: hubPage,
  assets: assetFile,
  client: clientScript,
  session: readSession,
  touch: touchSession,
  signOut: signOutSession,
  redeem: redeemTicket,
  events: streamEvents,
  registerVisit,
  link: topLevel(linkPartition),
  linkFrame,
  login: topLevel(startLogin),
  continueSignIn: topLevel(continueSignIn),
  confirmVisit,
  logout: topLevel(visitLogout),
  confirmLogout,
  signedOut: unwatched(visitSignedOut),
  account: unwatched(visitAccount),
  endSessions,
  healthz: checkHealth,
  livez: tellAlive,
  readyz: tellReady,
  metrics: printMetrics,
  jwks: publishKeys,
  discovery: discover,
}

/** Those that pages on registered origins may ask themselves, by their path. */
const SHARED = new Map(
  ([ENDPOINTS.session, ENDPOINTS.touch, ENDPOINTS.signOut] as const).map(({ path, method }) => [
    path as string,
    method,
  ]),
)

/** An endpoint that pages on registered origins may ask: by which method, and the one that does. */
interface Shared {
  readonly method: 'GET' | 'POST'
  readonly origin: Origin | undefined
}

/** Those that any page may read. */
const PUBLIC: readonly EndpointName[] = ['discovery', 'healthz']

const NAMES = new Map(
  (Object.keys(ROUTES) as EndpointName[]).map((name) => [`${ENDPOINTS[name].method} ${ENDPOINTS[name].path}`, name]),
)

/** The last part of an address may be the name of a file. */
function endpointAt(method: string, path: string): EndpointName | undefined {
  return NAMES.get(`${method} ${path}`) ?? NAMES.get(`${method} ${path.replace(/[^/]+$/, ':file')}`)
}

/** Answers one request, of the IP address that it may ask for; never rejects. */
export type Router = (request: Request, addressOf: () => string | undefined) => Promise<Reply>

/** Leads every endpoint of the table to its file, and turns every failure into a typed answer. */
export function createRouter(hub: HubParts): Router {
  const { draining, events, limits, metrics, settings, sites } = hub
  const isolating = isolatingHeaders(settings.origin)

  async function act(
    request: Request,
    name: EndpointName | undefined,
    shared: Shared | undefined,
    from: CountedAs,
  ): Promise<Answer> {
    if (shared && isPreflight(request)) return answerPreflight(shared.method, shared.origin)
    if (!name) throw new IsthmusError('not-found')
    // Nothing was done: a proxy may ask another server, whatever the request was.
    if (draining.aborted && !ANSWERED_TO_THE_END.includes(name)) throw new IsthmusError('unreachable')
    const counted = COUNTED[name]
    if (counted) await limits.take(counted, from())
    if (request.headers.has('dpop')) await limits.take('proofs', from())
    return ROUTES[name](mayHaveBody(request) ? await limitBody(request) : request, hub, from)
  }

  /** The answer to what was thrown; the program is told why. */
  async function refuse(request: Request, path: string, thrown: unknown): Promise<Reply> {
    const isUnreachable = thrown instanceof IsthmusError && thrown.code === 'unreachable'
    if (isUnreachable && draining.aborted) return fail(request, thrown)
    if (isUnreachable) {
      events.emit('error', { error: thrown, path: path.slice(0, PATH_SHOWN) })
      return fail(request, new IsthmusError('unreachable'))
    }
    if (thrown instanceof IsthmusError && thrown.code !== 'internal') {
      events.emit('denied', { code: thrown.code, path: path.slice(0, PATH_SHOWN), origin: originFor(request) })
      return fail(request, thrown)
    }
    // A hub that closes has no store any more for who came a moment before.
    if (hub.closing.aborted) return fail(request, new IsthmusError('unreachable'))
    events.emit('error', { error: thrown, path: path.slice(0, PATH_SHOWN) })
    return fail(request, new IsthmusError('internal'))
  }

  /** People get a page, programs get JSON; both the code and a safe sentence, nothing more. */
  async function fail(request: Request, error: IsthmusError): Promise<Reply> {
    const reply = wantsPage(request)
      ? replyOf(await errorPage(error, await wayBackOf(request, hub).catch(() => undefined)))
      : jsonReply({ error: error.code, message: sentenceOf(error) }, PRIVATE_HEADERS, ERRORS[error.code].status)
    const retryAfter = retryAfterOf(error)
    if (retryAfter !== undefined) reply.headers['retry-after'] = String(retryAfter)
    else if (reply.status === 503) reply.headers['retry-after'] = RETRY_AFTER_S
    return reply
  }

  async function answer(
    request: Request,
    path: string,
    name: EndpointName | undefined,
    from: CountedAs,
  ): Promise<Reply> {
    const method = SHARED.get(path)
    let malformed: ReturnType<typeof malformedCookies> = []
    let nonce: string | undefined
    let shared: Shared | undefined
    let reply: Reply
    try {
      // All that may fail is done before the route acts: what has been done is never answered as a failure.
      malformed = malformedCookies(request)
      if (request.headers.has('dpop')) nonce = await hub.dpop.nonce()
      if (method) shared = { method, origin: await sharedWith(request, settings.origin, sites) }
      reply = replyOf(await act(request, name, shared, from))
    } catch (thrown) {
      reply = await refuse(request, path, thrown)
    }
    if (shared) shareWith(shared.origin, reply)
    if (name && PUBLIC.includes(name)) shareWithAll(reply)
    // Whoever proves possession gets the nonce for the next proof, refused or not (RFC 9449 §8).
    if (nonce !== undefined) reply.headers['dpop-nonce'] = nonce
    for (const [header, value] of isolating) reply.headers[header] ??= value
    const set = malformed.length === 0 ? [] : [reply.headers['set-cookie'] ?? []].flat()
    for (const { name: cookie, expiry } of malformed) {
      if (!set.some((one) => one.startsWith(`${cookie}=`))) appendHeader(reply, 'set-cookie', expiry)
    }
    return reply
  }

  return async (request, addressOf) => {
    const startedAt = performance.now()
    const path = pathOf(request.url)
    const isHead = request.method === 'HEAD'
    const name = endpointAt(isHead ? 'GET' : request.method, path)
    const reply = await answer(request, path, name, () => countedAs(addressOf()))
    // An address that is none of ours has no name of its own.
    metrics?.observe(name ?? 'none', reply.status, (performance.now() - startedAt) / 1000)
    return isHead ? { ...reply, body: null } : reply
  }
}

/** As it was sent: an address by other letters is another one, as it is to the rules of a proxy. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/)
  return end < 0 ? url.slice(start) : url.slice(start, start + end)
}

function wantsPage({ headers }: Request): boolean {
  return headers.get('sec-fetch-dest') === 'document' || headers.get('accept')?.startsWith('text/html') === true
}

/** Whom a refused request says it comes from: an origin, never the address of a foreign page. */
function originFor({ headers }: Request): Origin | null {
  const origin = originOf(headers.get('origin') ?? headers.get('referer'))
  return origin && origin.length <= ORIGIN_SHOWN ? origin : null
}
