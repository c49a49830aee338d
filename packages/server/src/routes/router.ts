import {
  BODY_LIMIT_BYTES,
  ENDPOINTS,
  type EndpointName,
  ERRORS,
  IsthmusError,
  type Origin,
  originOf,
  sentenceOf,
} from '@isthmus/protocol'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Metrics } from '../ops/metrics.ts'
import { errorPage } from '../pages/pages.ts'
import type { HubParts } from '../parts.ts'
import { shareWithAll, shareWithSites } from '../requests/cors.ts'
import { ISOLATING_HEADERS, PRIVATE_HEADERS } from '../responses/headers.ts'
import { malformedCookies } from '../responses/set-cookies.ts'
import { wayBackOf } from '../visits/way-back.ts'
import { endSessions, visitAccount } from './account.ts'
import { clientScript, workerScript } from './assets.ts'
import { confirmVisit, continueSignIn } from './continue.ts'
import { discover } from './discovery.ts'
import { streamEvents } from './events.ts'
import { hubPage } from './hub-page.ts'
import { publishKeys } from './jwks.ts'
import { linkPartition, startLogin } from './link.ts'
import { confirmLogout, visitLogout } from './logout.ts'
import { checkHealth, printMetrics } from './ops.ts'
import { linkFrame, readSession, redeemTicket, signOutSession, touchSession } from './session.ts'
import { visitSignedOut } from './signed-out.ts'
import { topLevel, unwatched } from './top-level.ts'
import { registerVisit } from './visits.ts'

/** How much of a refused address is told. */
const PATH_SHOWN = 200
/** The longest origin that is told: no name in the DNS is longer. */
const ORIGIN_SHOWN = 'https://:65535'.length + 253

type Route = (request: Request, hub: HubParts, context: Context) => Response | Promise<Response>

const ROUTES: Record<EndpointName, Route> = {
  hub: hubPage,
  worker: workerScript,
  client: clientScript,
  session: readSession,
  touch: touchSession,
  signOut: signOutSession,
  redeem: redeemTicket,
  events: (_, hub, context) => streamEvents(context, hub),
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
  metrics: printMetrics,
  jwks: publishKeys,
  discovery: discover,
}

/** Routes every endpoint of the table to its file, and turns every failure into a typed answer. */
export function createRouter(hub: HubParts): Hono {
  const router = new Hono({ getPath: pathOf })
  const tooLarge = (): never => {
    throw new IsthmusError('invalid-request', `A request body has at most ${BODY_LIMIT_BYTES} bytes.`)
  }
  if (hub.metrics) router.use(measure(hub.metrics))
  router.use(bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: tooLarge }))
  router.use(async (context, next) => {
    // All that may fail is done before the route acts: what has been done is never answered as a failure.
    const malformed = malformedCookies(context.req.raw)
    const nonce = context.req.raw.headers.has('dpop') ? await hub.dpop.nonce() : undefined
    await next()
    // Whoever proves possession gets the nonce for the next proof, refused or not (RFC 9449 §8).
    if (nonce !== undefined) context.header('DPoP-Nonce', nonce)
    for (const [name, value] of Object.entries(ISOLATING_HEADERS)) {
      if (!context.res.headers.has(name)) context.header(name, value)
    }
    if (malformed.length === 0) return
    const set = context.res.headers.getSetCookie()
    for (const { name, expiry } of malformed) {
      if (!set.some((cookie) => cookie.startsWith(`${name}=`))) context.header('Set-Cookie', expiry, { append: true })
    }
  })
  for (const name of ['session', 'touch', 'signOut'] as const) {
    const { method, path } = ENDPOINTS[name]
    router.use(path, shareWithSites(method, hub.settings.origin, hub.sites))
  }
  for (const name of ['discovery', 'healthz'] as const) router.on('GET', ENDPOINTS[name].path, shareWithAll)
  for (const name of Object.keys(ROUTES) as EndpointName[]) {
    const { method, path } = ENDPOINTS[name]
    router.on(method, path, (context) => ROUTES[name](context.req.raw, hub, context))
  }
  router.notFound((context) => fail(context, hub, new IsthmusError('not-found')))
  router.onError((thrown, context) => {
    if (thrown instanceof IsthmusError && thrown.code !== 'internal') {
      const path = context.req.path.slice(0, PATH_SHOWN)
      hub.events.emit('denied', { code: thrown.code, path, origin: originFor(context.req.raw) })
      return fail(context, hub, thrown)
    }
    // A hub that closes has no store any more for who came a moment before.
    if (hub.closing.aborted) return fail(context, hub, new IsthmusError('unreachable'))
    hub.events.emit('error', { error: thrown, path: context.req.path })
    return fail(context, hub, new IsthmusError('internal'))
  })
  return router
}

/** As it was sent: an address by other letters is another one, as it is to the rules of a proxy. */
function pathOf(request: Request): string {
  const { url } = request
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/)
  return end < 0 ? url.slice(start) : url.slice(start, start + end)
}

/** Whom a refused request says it comes from: an origin, never the address of a foreign page. */
function originFor({ headers }: Request): Origin | null {
  const origin = originOf(headers.get('origin') ?? headers.get('referer'))
  return origin && origin.length <= ORIGIN_SHOWN ? origin : null
}

/** Counts every answer by its endpoint; an address that is none of ours has no name of its own. */
function measure(metrics: Metrics): MiddlewareHandler {
  const names = new Map<string, EndpointName>()
  for (const name of Object.keys(ROUTES) as EndpointName[]) {
    names.set(`${ENDPOINTS[name].method} ${ENDPOINTS[name].path}`, name)
  }
  return async (context, next) => {
    const startedAt = performance.now()
    await next()
    const name = names.get(`${context.req.method} ${context.req.path}`) ?? 'none'
    metrics.observe(name, context.res.status, (performance.now() - startedAt) / 1000)
  }
}

/** People get a page, programs get JSON; both the code and a safe sentence, nothing more. */
async function fail(context: Context, hub: HubParts, error: IsthmusError): Promise<Response> {
  if (context.req.header('sec-fetch-dest') === 'document' || context.req.header('accept')?.startsWith('text/html')) {
    return errorPage(error, await wayBackOf(context.req.raw, hub).catch(() => undefined))
  }
  return Response.json(
    { error: error.code, message: sentenceOf(error) },
    { status: ERRORS[error.code].status, headers: PRIVATE_HEADERS },
  )
}
