import { problem, siteAnswer } from 'virtual:isthmus/tables'
import { ENDPOINTS, type ErrorCode, IsthmusError, type Problem, type SiteAnswer } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Cause } from '../session/cause.ts'
import { tokens } from '../session/tokens.ts'
import { type Connection, type ConnectionOptions, patienceAfter, type Transport } from './transport.ts'

/**
 * The way to the hub by requests of the page itself, without a frame, for sites that share the hub's registrable domain:
 * the page asks across origins (CORS), and its browser sends the hub's cookie along. Changes are noticed when the user
 * looks at the page, when another tab of the site knows of them, and after two minutes at the latest. There is no stream:
 * one per tab, held by the page itself, would use up the browser's six connections and keep pages out of Firefox's
 * back-forward cache.
 *
 * @example
 * createSession({ hub: 'https://auth.example.com', transport: fetchTransport() })
 */
export function fetchTransport(): Transport {
  return { directive: 'connect-src', isLive: false, on: tokens, connect }
}

function connect({ hub, site, wantsToken, timeoutMs, onEvent, inspector }: ConnectionOptions): Connection {
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
      // Browsers of before 2022 have no such signal: there the call ends by its own time-out, and the request when it may.
      signal: AbortSignal.timeout?.(patienceMs) ?? null,
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
  async function causeOf(code: ErrorCode): Promise<Cause> {
    if (code === 'timeout' || code === 'not-registered') return code
    const probing = AbortSignal.timeout?.(timeoutMs) ?? watching.signal
    const found = await inspector()
      .then((one) => one.probe(hub, probing))
      .catch(() => undefined)
    return forbidden ? 'policy-forbids' : (found ?? 'unreachable')
  }

  return {
    async open(failures) {
      const mine = ++attempt
      try {
        const answer = await call(ENDPOINTS.session, patienceAfter(failures, timeoutMs))
        if (mine === attempt) onEvent({ type: 'welcome', answer, peers: '', aheadMs: 0 })
      } catch (error) {
        const cause = await causeOf((error as IsthmusError).code)
        if (mine === attempt) onEvent({ type: 'frame-failed', cause })
      }
    },
    async send(id, { type }) {
      const mine = attempt
      try {
        if (type !== 'ask' && type !== 'touch' && type !== 'sign-out') throw new IsthmusError('invalid-request')
        const answer = await call(
          { ask: ENDPOINTS.session, touch: ENDPOINTS.touch, 'sign-out': ENDPOINTS.signOut }[type],
        )
        if (mine === attempt) onEvent({ type: 'answer', id, answer })
      } catch (error) {
        if (mine === attempt) onEvent({ type: 'refusal', id, code: (error as IsthmusError).code })
      }
    },
    close() {
      attempt++
      watching.abort()
    },
  }
}
