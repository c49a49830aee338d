import type { SiteAnswer, SiteState } from '@isthmus/protocol'
import { cookieDomainFor } from '../config/cookie-domain.ts'
import type { Site } from '../config/site.ts'
import type { Proof } from '../requests/carriers.ts'
import type { Embedder } from '../requests/embedder.ts'
import type { Clock } from '../store/store.ts'
import type { SiteTokens } from '../token/site-token.ts'
import type { NameSubject } from './pairwise.ts'
import { describe, type Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** What the hub says to one site of a session, with a token if the page wants one and the site admits the user. */
export type AnswerSite = (proof: Proof | undefined, embedder: Embedder) => Promise<SiteAnswer>

interface AnswerParts {
  readonly sessions: Sessions
  readonly siteTokens: SiteTokens
  readonly nameSubject: NameSubject
  readonly clock: Clock
}

export function createAnswers({ sessions, siteTokens, nameSubject, clock }: AnswerParts): AnswerSite {
  /** Most sites know their users by the one name: nothing is copied for them. */
  function namedFor(site: Site, session: Session): Session {
    const { sub } = session
    const name = sub === undefined ? sub : nameSubject(site, sub)
    return name === undefined || name === sub ? session : { ...session, sub: name }
  }

  return async (proof, { site, origin, wantsToken }) => {
    const now = clock()
    const session = proof && (await sessions.noteSite(proof.session, site))
    const state: SiteState = session
      ? describe(namedFor(site, session), site, now)
      : { status: 'signed-out', reason: 'none', revision: now }
    const carrier = proof?.carrier ?? 'none'
    if (!wantsToken) return { site: site.id, carrier, state }
    const mayHave = session && state.status === 'signed-in' && state.access === 'granted'
    const token = mayHave && (await siteTokens.issue(state, site, session.groups))
    const cookieDomain = cookieDomainFor(origin, site.cookieDomains)
    return { site: site.id, carrier, state: token ? { ...state, token } : state, ...(cookieDomain && { cookieDomain }) }
  }
}
