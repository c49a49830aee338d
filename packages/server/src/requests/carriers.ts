import { type Carrier, IsthmusError, PARTITIONED_COOKIE_PREFIX, SESSION_COOKIE } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
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
  /** The session of the hub's own cookie: the one this browser has. */
  ofBrowser(request: RequestLike): Promise<Session | undefined>
  /** The session that a frame of this site proves, carriers in their order. */
  ofFrame(request: RequestLike, site: Site): Promise<Proof | undefined>
  /** The same, by what this site's partition holds itself. */
  ofPartition(request: RequestLike, site: Site): Promise<Proof | undefined>
}

interface CarrierParts {
  readonly sessions: Sessions
  readonly dpop: DpopVerifier
}

export function createCarriers({ sessions, dpop }: CarrierParts): Carriers {
  async function open(request: RequestLike, cookie: string, site?: string): Promise<Session | undefined> {
    for (const secret of readSecrets(request, cookie)) {
      const found = await sessions.find(secret)
      // A partition's secret presented under another name is refused: it was given to one site only.
      if (found && found.site === site && found.key === undefined) return found.session
    }
    return undefined
  }

  /** A handle opens nothing without a proof of the key that it is bound to (RFC 9449 §7). */
  async function openByKey(request: RequestLike, site: string): Promise<Session | undefined> {
    const handle = handleOf(request)
    const found = handle && request instanceof Request ? await sessions.find(handle) : undefined
    if (!found || found.site !== site || found.key === undefined) return undefined
    if ((await dpop.verify(request as Request)) !== found.key) throw new IsthmusError('proof-refused')
    return found.session
  }

  async function ofPartition(request: RequestLike, site: Site): Promise<Proof | undefined> {
    const partitioned = await open(request, PARTITIONED_COOKIE_PREFIX + site.id, site.id)
    if (partitioned) return { carrier: 'partitioned', session: partitioned }
    const keyed = await openByKey(request, site.id)
    return keyed && { carrier: 'key', session: keyed }
  }

  return {
    ofBrowser: (request) => open(request, SESSION_COOKIE),
    ofPartition,

    async ofFrame(request, site) {
      const own = await open(request, SESSION_COOKIE)
      return own ? { carrier: 'cookie', session: own } : ofPartition(request, site)
    },
  }
}
