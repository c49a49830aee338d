import { LOGIN_COOKIE } from '@isthmus/protocol'
import { type HubConfig, parseSettings } from './config/hub-config.ts'
import { createSites } from './config/sites.ts'
import { readAssets } from './http/assets.ts'
import { createCarriers } from './http/carriers.ts'
import { clearLoginCookie, readCookies, sessionCookie } from './http/cookies.ts'
import { queryOf, type RequestLike } from './http/request-like.ts'
import { createHubEvents, type HubEvents } from './hub-events.ts'
import type { HubParts } from './parts.ts'
import { checkBounce, returnWithTicket } from './routes/bounce.ts'
import { createRouter } from './routes/router.ts'
import { isLive, type Session } from './session/session.ts'
import { createSessions } from './session/sessions.ts'
import { checkSubject, type Subject } from './session/subject.ts'
import { createTickets } from './session/tickets.ts'
import { createTokenKeys } from './token/keys.ts'
import { createSiteTokens } from './token/site-token.ts'

/** How often expired entries are deleted from a store that does not do so itself. */
const SWEEP_INTERVAL_MS = 60_000

/** A session as the program may see it: no secret, nothing that opens anything. */
export interface SessionInfo {
  readonly sid: string
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly groups: readonly string[]
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly idleExpiresAt: number
}

/** What {@link Hub.signIn} asks you to send: every cookie as a `Set-Cookie` header, then a redirect. */
export interface SignInResult {
  readonly cookies: string[]
  /** Back to the site that asked, or `/` if none did. */
  readonly redirectTo: string
}

/** A running hub. */
export interface Hub {
  /** Answers everything below `/isthmus` and `/.well-known/isthmus`, as a WHATWG handler. */
  readonly fetch: (request: Request) => Promise<Response>
  /**
   * Signs a user in, after *your* login page checked who it is. Always begins a new session with a new secret;
   * the one this browser had before ends.
   */
  signIn(request: RequestLike, subject: Subject): Promise<SignInResult>
  /** Ends the session of this browser, everywhere. Resolves when that is stored. */
  signOut(request: RequestLike): Promise<void>
  readonly sessions: {
    /** The live session of this browser on the auth domain. */
    current(request: RequestLike): Promise<SessionInfo | undefined>
    /** The live sessions of a user. */
    list(sub: string): Promise<readonly SessionInfo[]>
    /** Ends a session; `false` if there is none that lives. */
    revoke(sid: string): Promise<boolean>
    /** Ends all sessions of a user; how many there were. */
    revokeAll(sub: string): Promise<number>
  }
  /** Listens to what happens; call the result to stop. */
  readonly on: HubEvents['on']
  /** Ends every stream, then closes the store. */
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
  const { store, clock } = settings
  const closing = new AbortController()
  const events = createHubEvents()
  const sites = await createSites(config.sites, clock, (error) => events.emit('error', { error, path: 'sites' }))
  const sessions = createSessions(settings)
  const tokenKeys = createTokenKeys(settings)
  const hub: HubParts = {
    settings,
    sites,
    sessions,
    tickets: createTickets(store, clock),
    tokenKeys,
    carriers: createCarriers(sessions, createSiteTokens(settings.origin, tokenKeys, clock), clock),
    events,
    assets: await readAssets(),
    closing: closing.signal,
  }
  const router = createRouter(hub)
  const sweeping = setInterval(() => {
    store.sweep().catch((error: unknown) => hub.events.emit('error', { error, path: 'sweep' }))
  }, SWEEP_INTERVAL_MS)
  sweeping.unref()

  async function end(sid: string, reason: 'logout' | 'revoked'): Promise<boolean> {
    const ended = await sessions.end(sid, reason)
    if (ended?.sub === undefined) return false
    hub.events.emit('sign-out', { sid, sub: ended.sub, reason })
    return true
  }

  return {
    fetch: async (request) => router.fetch(request),

    async signIn(request, subject) {
      checkSubject(subject)
      const { session, secret } = await sessions.begin(subject, await hub.carriers.ofBrowser(request))
      hub.events.emit('sign-in', { sid: session.sid, sub: subject.sub })
      const pending = queryOf(request).get('isthmus') ?? readCookies(request)[LOGIN_COOKIE]
      // Checked again: it travelled through the user's address bar.
      const bounce = pending ? await checkBounce(new URLSearchParams(pending), hub).catch(() => undefined) : undefined
      return {
        cookies: [sessionCookie(secret, session, clock()), clearLoginCookie()],
        redirectTo: bounce ? await returnWithTicket(bounce, session, hub) : '/',
      }
    },

    async signOut(request) {
      const session = await hub.carriers.ofBrowser(request)
      if (session) await end(session.sid, 'logout')
    },

    sessions: {
      async current(request) {
        const session = await hub.carriers.ofBrowser(request)
        return session && isLive(session, clock()) ? infoOf(session) : undefined
      },
      async list(sub) {
        return (await sessions.list(sub)).map((session) => infoOf({ ...session, sub }))
      },
      revoke: (sid) => end(sid, 'revoked'),
      async revokeAll(sub) {
        const ended = await Promise.all((await sessions.list(sub)).map(({ sid }) => end(sid, 'revoked')))
        return ended.filter(Boolean).length
      },
    },

    on: hub.events.on,

    async close() {
      clearInterval(sweeping)
      closing.abort()
      await store.close()
    },
  }
}

function infoOf({
  sid,
  sub,
  claims,
  groups,
  createdAt,
  expiresAt,
  idleExpiresAt,
}: Session & { sub: string }): SessionInfo {
  return { sid, sub, claims, groups, createdAt, expiresAt, idleExpiresAt }
}
