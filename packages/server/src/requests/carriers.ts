import {
  type Carrier,
  IsthmusError,
  PARTITIONED_COOKIE_PREFIX,
  SESSION_COOKIE,
  TOP_LEVEL_COOKIE,
} from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import type { Guests } from '../session/guests.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { type DpopVerifier, handleOf } from './dpop.ts'
import { readSecrets } from './read-cookies.ts'
import type { RequestLike } from './request-like.ts'

/** What a request proves: by which carrier, and which session, live or not. */
export interface Proof {
  readonly carrier: Exclude<Carrier, 'none'>
  readonly session: Session
}

/** How requests prove which session they belong to. */
export interface Carriers {
  /** The session of this browser, by the Lax cookie: for top-level visits and the program's own pages. */
  ofBrowser(request: RequestLike): Promise<Session | undefined>
  /**
   * The session that a sign-in takes the place of. By the frames' cookie where the Lax one stays behind (a provider's
   * `form_post`, a browser from before an update): it ends, and opens nothing.
   */
  former(request: RequestLike): Promise<Session | undefined>
  /** The session of the cookie that the browser gives to frames of the hub. */
  ofFrames(request: RequestLike): Promise<Session | undefined>
  /** The session that a frame of this site proves, carriers in their order. */
  ofFrame(request: RequestLike, site: Site): Promise<Proof | undefined>
  /** The same, by what this site's partition holds itself. */
  ofPartition(request: RequestLike, site: Site): Promise<Proof | undefined>
}

interface CarrierParts {
  readonly sessions: Pick<Sessions, 'find'>
  readonly guests: Guests
  readonly dpop: DpopVerifier
}

export function createCarriers({ sessions, guests, dpop }: CarrierParts): Carriers {
  async function open(request: RequestLike, cookie: string, site?: string): Promise<Session | undefined> {
    for (const secret of readSecrets(request, cookie)) {
      const found = await sessions.find(secret)
      // A partition's secret presented under another name is refused: it was given to one site only.
      if (found && found.site === site && found.key === undefined) return found.session
    }
    return undefined
  }

  async function openGuest(request: RequestLike, { id }: Site): Promise<Session | undefined> {
    for (const secret of readSecrets(request, PARTITIONED_COOKIE_PREFIX + id)) {
      const guest = await guests.open(secret, id)
      if (guest) return guest
    }
    return undefined
  }

  /** A handle opens nothing without a proof of the key that it is bound to (RFC 9449 §7). */
  async function openByKey(request: RequestLike, site: string): Promise<Session | undefined> {
    const handle = handleOf(request)
    if (handle === undefined || !(request instanceof Request)) return undefined
    const found = await sessions.find(handle)
    if (!found) return request.headers.has('dpop') ? guests.open(handle, site, await dpop.verify(request)) : undefined
    if (found.site !== site || found.key === undefined) return undefined
    if ((await dpop.verify(request)) !== found.key) throw new IsthmusError('proof-refused')
    return found.session
  }

  async function ofPartition(request: RequestLike, site: Site): Promise<Proof | undefined> {
    const own = await open(request, PARTITIONED_COOKIE_PREFIX + site.id, site.id)
    const partitioned = own ?? (await openGuest(request, site))
    if (partitioned) return { carrier: 'partitioned', session: partitioned }
    const keyed = await openByKey(request, site.id)
    return keyed && { carrier: 'key', session: keyed }
  }

  return {
    ofBrowser: (request) => open(request, TOP_LEVEL_COOKIE),
    ofFrames: (request) => open(request, SESSION_COOKIE),
    ofPartition,

    async former(request) {
      return (await open(request, TOP_LEVEL_COOKIE)) ?? open(request, SESSION_COOKIE)
    },

    async ofFrame(request, site) {
      const own = await open(request, SESSION_COOKIE)
      return own ? { carrier: 'cookie', session: own } : ofPartition(request, site)
    },
  }
}
