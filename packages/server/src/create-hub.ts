import { ENDPOINTS, GUEST_COOKIE, visitIdSchema } from '@isthmus/protocol'
import { keepAgenda } from './agenda/keep-agenda.ts'
import { createDeliveries } from './backchannel/deliveries.ts'
import { DELIVERY_TASK } from './backchannel/delivery.ts'
import { type HubConfig, parseSettings } from './config/hub-config.ts'
import { createSites } from './config/sites.ts'
import { createHubEvents, type HubEvents } from './hub-events.ts'
import { createLimits } from './limits/limits.ts'
import { createDrain } from './ops/drain.ts'
import { createHealthCheck } from './ops/health.ts'
import { createMetrics } from './ops/metrics.ts'
import type { HubParts } from './parts.ts'
import { plainAnswers } from './plain-answers.ts'
import { createCarriers } from './requests/carriers.ts'
import { deviceOf } from './requests/device.ts'
import { createDpopVerifier } from './requests/dpop.ts'
import { refuseForeignOrigin } from './requests/own-pages.ts'
import { pendingNamedBy } from './requests/pending.ts'
import { pairsOf, readGuestId } from './requests/read-cookies.ts'
import type { RequestLike } from './requests/request-like.ts'
import { readAssets } from './responses/assets.ts'
import { responseOf } from './responses/reply.ts'
import { guestCookie, sessionCookies } from './responses/set-cookies.ts'
import { createRouter, type Router } from './routes/router.ts'
import { createAnswers } from './session/answer.ts'
import { endSession, endSessions } from './session/end-session.ts'
import { createGuests } from './session/guests.ts'
import { createSubjectNames } from './session/pairwise.ts'
import { isLive } from './session/session.ts'
import { exportOf, infoOf, type SessionInfo, type SubjectExport } from './session/session-info.ts'
import { createSessions, SESSION_TASK } from './session/sessions.ts'
import { checkChange, checkSubject, type Subject, type SubjectChange } from './session/subject.ts'
import { createTickets } from './session/tickets.ts'
import { checkFormat } from './store/format.ts'
import { createStreams } from './streams/streams.ts'
import { repeat } from './timer.ts'
import { createTokenKeys, type TokenKeys } from './token/keys.ts'
import { createSiteTokens } from './token/site-token.ts'
import { createPendingSignIns } from './visits/pending-sign-ins.ts'
import { createRegisteredVisits } from './visits/registered-visits.ts'

/** How often expired entries are deleted from a store that does not do so itself. */
const SWEEP_INTERVAL_MS = 60_000

/** Requests under way have this long to be answered before the hub ends. */
const DRAIN_GRACE_MS = 5000

/** Longest place that is kept. */
const PLACE_LIMIT = 100

/** What a sign-in needs that does not end with a form of the login page. */
export interface SignInOptions {
  /**
   * Id of the pending sign-in, where the login page led on to an identity provider: your login page gets it in its query
   * as `isthmus`; carry it in the provider's `state`, and name it here after you have checked that state. The request may
   * then be a POST from the provider (`form_post`, SAML). An id that this browser did not begin leads to `/`.
   */
  readonly pending?: string
}

/** What {@link Hub.signIn} asks you to send: every cookie as a `Set-Cookie` header, then a redirect. */
export interface SignInResult {
  readonly cookies: string[]
  /** A path on the auth domain, from which the user goes on to the site that asked; `/` if none did. */
  readonly redirectTo: string
  /** Public id of the new session; never a secret. */
  readonly sid: string
}

/** A running hub. */
export interface Hub {
  /**
   * Answers everything below `/isthmus`, `/.well-known/isthmus` and `/.well-known/jwks.json`, as a WHATWG handler.
   * `address`: the IP address that the request comes from, as your runtime knows it; without it the limits for addresses
   * do not hold.
   */
  readonly fetch: (request: Request, from?: { readonly address?: string | undefined }) => Promise<Response>
  /**
   * Signs a user in, after *your* login page checked who it is. Always begins a new session with a new secret;
   * the one this browser had before ends. Throws `origin-refused` for a POST from another origin's page.
   */
  signIn(request: RequestLike, subject: Subject, options?: SignInOptions): Promise<SignInResult>
  /**
   * Ends the session of this browser, everywhere. Resolves when that is stored. Throws `origin-refused` for a POST from
   * another origin's page.
   */
  signOut(request: RequestLike): Promise<void>
  readonly sessions: {
    /**
     * The live session of this browser on the auth domain. Throws `origin-refused` for a POST from another origin's
     * page, so that your own routes are not acted on by foreign forms.
     */
    current(request: RequestLike): Promise<SessionInfo | undefined>
    /** The live sessions of a user. */
    list(sub: string): Promise<readonly SessionInfo[]>
    /** Ends a session; `false` if there is none that lives. */
    revoke(sid: string): Promise<boolean>
    /** Ends all sessions of a user; how many there were. */
    revokeAll(sub: string): Promise<number>
    /**
     * Changes the groups or the claims of a live session; `false` if there is none. Every open tab follows: a site that
     * admits the user no more is told `denied`, one that does so from now on is told the claims it may see. What a
     * site's back end holds follows with its next token, at the latest after 5 minutes.
     */
    update(sid: string, change: SubjectChange): Promise<boolean>
  }
  readonly subjects: {
    /** All that the hub keeps of a user, as data: the sessions that live, and what is left of those that ended. */
    export(sub: string): Promise<SubjectExport>
    /**
     * Ends all sessions of a user, and takes away what names the user in those that ended; how many there were. Sites
     * are told of the ends, so queued logouts name the user until they are delivered, a day at most.
     */
    erase(sub: string): Promise<number>
  }
  /** The keys that site tokens and logout tokens are signed with. They follow each other by themselves, once a month. */
  readonly keys: Pick<TokenKeys, 'list' | 'rotate' | 'revoke'>
  /** Listens to what happens; call the result to stop. */
  readonly on: HubEvents['on']
  /**
   * Prepares the end, so that no browser notices it: tells every stream to come back within the next seconds, spread
   * out, answers new requests with 503 and `Retry-After`, and `/isthmus/readyz` with `draining`, so that a load balancer
   * takes another server. Resolves when the requests under way are answered, or after `graceMs`; default 5000. Call it at
   * SIGTERM, while the server still listens; then {@link close}.
   */
  drain(graceMs?: number): Promise<void>
  /** Ends every stream and breaks off deliveries (they stay queued), then closes the store. */
  close(): Promise<void>
}

/**
 * Starts a hub. Throws {@link IsthmusError} `config-invalid` with a sentence that names the key and the cure.
 *
 * @example
 * const hub = await createHub({
 *   origin: 'https://auth.example.com',
 *   sites: [{ id: 'shop', origins: ['https://shop.example'], claims: ['name'] }],
 *   store: lmdbStore({ path: './data' }),
 * })
 */
export async function createHub(config: HubConfig): Promise<Hub> {
  const settings = parseSettings(config)
  const { store, clock, timer } = settings
  await checkFormat(store)
  const closing = new AbortController()
  const drain = createDrain(timer)
  const events = createHubEvents()
  const sites = await createSites(config.sites, clock, (error) => events.emit('error', { error, path: 'sites' }))
  const onError = (path: string) => (error: unknown) => events.emit('error', { error, path })
  const tokenKeys = createTokenKeys(settings)
  await tokenKeys.check()
  const nameSubject = createSubjectNames(settings.pairwiseSecret)
  // A site that cannot be answered stops the start, and not its first user.
  for (const site of await sites.all()) nameSubject(site, '')
  const deliveries = createDeliveries({ ...settings, sites, keys: tokenKeys, events, nameSubject })
  const sessions = createSessions(settings, deliveries)
  const dpop = createDpopVerifier(settings.origin, store, clock)
  const guests = createGuests(store, clock)
  const siteTokens = createSiteTokens(settings.origin, tokenKeys, clock)
  const answer = createAnswers({ sessions, siteTokens, nameSubject, clock })
  const metrics =
    settings.metrics || settings.metricsKey !== undefined
      ? createMetrics({ events, pendingDeliveries: deliveries.count, openStreams: () => hub.streams.count() })
      : undefined
  const hub: HubParts = {
    settings,
    sites,
    sessions,
    guests,
    tickets: createTickets(store, clock),
    visits: createRegisteredVisits(store, clock),
    pendingSignIns: createPendingSignIns(store, clock),
    tokenKeys,
    dpop,
    carriers: createCarriers({ sessions, guests, dpop }),
    answer,
    deliveries,
    events,
    limits: createLimits(settings.limits, store),
    health: createHealthCheck(settings, onError('healthz')),
    metrics,
    streams: createStreams({ settings, sites, sessions, answer, events, metrics, draining: drain.signal }),
    assets: await readAssets(),
    draining: drain.signal,
    closing: closing.signal,
  }
  const answerRequest = createRouter(hub)
  const answerWhileOpen: Router = (request, addressOf) => drain.during(() => answerRequest(request, addressOf))
  const fetch: Hub['fetch'] = async (request, from) => responseOf(await answerWhileOpen(request, () => from?.address))
  plainAnswers.set(fetch, { origin: settings.origin, answer: answerWhileOpen })
  const stopSweeping = repeat(timer, SWEEP_INTERVAL_MS, () => void store.sweep().catch(onError('sweep')))

  const agenda = keepAgenda(
    settings,
    { [SESSION_TASK]: sessions.review, [DELIVERY_TASK]: deliveries.resume },
    onError('agenda'),
  )

  /** The program's own words on where a request comes from; none are better than no sign-in. */
  function placeOf(request: RequestLike): string | undefined {
    try {
      return settings.placeOf(request)?.slice(0, PLACE_LIMIT)
    } catch (error) {
      onError('placeOf')(error)
      return undefined
    }
  }

  return {
    fetch,

    async signIn(request, subject, options = {}) {
      checkSubject(subject)
      const named = visitIdSchema.safeParse(options.pending).data
      // Its program has checked the state that held it; what is no id was held by none.
      if (named === undefined) refuseForeignOrigin(request, settings.origin, 'signIn')
      const id = named ?? pendingNamedBy(request, settings.origin)
      const pending = id === undefined ? undefined : await hub.pendingSignIns.find(id)
      const guest = readGuestId(request) ?? pending?.guest
      const surroundings = { guest, device: deviceOf(request), place: placeOf(request) }
      const { session, secret } = await sessions.begin(subject, await hub.carriers.former(request), surroundings)
      hub.events.emit('sign-in', { sid: session.sid, sub: subject.sub })
      const cookies = sessionCookies(secret, session, clock())
      if (pairsOf(request).some(([name]) => name === GUEST_COOKIE)) cookies.push(guestCookie(undefined))
      const { sid } = session
      if (id === undefined || !pending) return { cookies, redirectTo: '/', sid }
      await hub.pendingSignIns.fulfil(id, sid)
      return { cookies, redirectTo: `${ENDPOINTS.continueSignIn.path}?pending=${id}`, sid }
    },

    async signOut(request) {
      refuseForeignOrigin(request, settings.origin, 'signOut')
      const session = await hub.carriers.ofBrowser(request)
      if (session) await endSession(session.sid, 'logout', hub)
    },

    sessions: {
      async current(request) {
        refuseForeignOrigin(request, settings.origin, 'sessions.current')
        const session = await hub.carriers.ofBrowser(request)
        return session && isLive(session, clock()) ? infoOf(session) : undefined
      },
      async list(sub) {
        return (await sessions.list(sub)).map((session) => infoOf({ ...session, sub }))
      },
      revoke: async (sid) => (await endSession(sid, 'revoked', hub)) !== undefined,
      async revokeAll(sub) {
        const live = await sessions.list(sub)
        return endSessions(
          live.map(({ sid }) => sid),
          'revoked',
          hub,
        )
      },
      async update(sid, change) {
        checkChange(change)
        return (await sessions.update(sid, change)) !== undefined
      },
    },

    subjects: {
      export: async (sub) => exportOf(sub, await sessions.listKept(sub), clock()),
      async erase(sub) {
        const kept = await sessions.listKept(sub)
        const sids = kept.map(({ sid }) => sid)
        await endSessions(sids, 'revoked', hub)
        await Promise.all(sids.map((sid) => sessions.forget(sid)))
        return kept.length
      },
    },

    keys: { list: tokenKeys.list, rotate: tokenKeys.rotate, revoke: tokenKeys.revoke },

    on: hub.events.on,

    drain: (graceMs = DRAIN_GRACE_MS) => drain.begin(graceMs),

    async close() {
      stopSweeping()
      void drain.begin(0)
      closing.abort()
      await agenda.stop()
      await deliveries.close()
      await store.close()
    },
  }
}
