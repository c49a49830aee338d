import { problem, siteAnswer } from 'virtual:isthmus/tables'
import { ENDPOINTS, IsthmusError, type Problem, type SiteAnswer } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { type Connection, type ConnectionOptions, patienceAfter } from './connection.ts'
import type { Cause } from './findings.ts'
import { probeHub } from './probe-hub.ts'

/**
 * The way to the hub without a frame, for sites that share its registrable domain: the page asks across origins
 * (CORS), and its browser sends the hub's cookie along. There is no stream: one per tab, held by the page itself,
 * would use up the browser's six connections and keep pages out of Firefox's back-forward cache.
 */
export function createFetchConnection({
  hub,
  site,
  wantsToken,
  timeoutMs,
  onWelcome,
  onFailure,
}: ConnectionOptions): Connection {
  let attempt = 0
  let forbidden = false
  const watching = new AbortController()
  document.addEventListener(
    'securitypolicyviolation',
    ({ blockedURI, effectiveDirective }) => {
      forbidden ||= blockedURI.startsWith(hub) && /^(?:connect|default)-src$/.test(effectiveDirective)
    },
    watching,
  )

  async function call({ method, path }: { method: string; path: string }, patienceMs = timeoutMs): Promise<SiteAnswer> {
    // In a frame of a stranger the cookie may be withheld, and its absence then says nothing.
    const firstParty = await document.hasStorageAccess?.().catch(() => false)
    const query = new URLSearchParams({
      ...(site !== undefined && { site }),
      ...(wantsToken && { token: '1' }),
      ...(firstParty && { 'first-party': '1' }),
    })
    const response = await fetch(`${hub}${path}?${query}`, {
      method,
      credentials: 'include',
      cache: 'no-store',
      signal: AbortSignal.timeout(patienceMs),
    }).catch((cause: unknown) => {
      const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
      throw new IsthmusError(timedOut ? 'timeout' : 'unreachable', undefined, { cause })
    })
    const json: unknown = await response.json().catch(() => undefined)
    const read = response.ok ? readAs(siteAnswer, json) : MISFIT
    if (read !== MISFIT) return read as SiteAnswer
    const refusal = readAs(problem, json)
    throw new IsthmusError(refusal === MISFIT ? 'unreachable' : (refusal as Problem).error)
  }

  /** To a page that it does not know the hub says nothing that the browser would pass on. */
  async function causeOf({ code }: IsthmusError): Promise<Cause> {
    if (code === 'timeout' || code === 'not-registered') return code
    const found = await probeHub(hub, AbortSignal.timeout(timeoutMs))
    return forbidden ? 'policy-forbids' : (found ?? 'unreachable')
  }

  return {
    async open(failures) {
      const mine = ++attempt
      try {
        const answer = await call(ENDPOINTS.session, patienceAfter(failures, timeoutMs))
        if (mine === attempt) onWelcome({ answer, peers: '', aheadMs: 0 })
      } catch (error) {
        const cause = await causeOf(error as IsthmusError)
        if (mine === attempt) onFailure(cause)
      }
    },
    ask({ type }) {
      switch (type) {
        case 'ask':
          return call(ENDPOINTS.session)
        case 'touch':
          return call(ENDPOINTS.touch)
        case 'sign-out':
          return call(ENDPOINTS.signOut)
        case 'redeem':
          return Promise.reject(new IsthmusError('invalid-request'))
      }
    },
    close() {
      attempt++
      watching.abort()
    },
  }
}
