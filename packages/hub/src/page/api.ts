import { problem, siteAnswer } from 'virtual:isthmus/tables'
import {
  ENDPOINTS,
  FRAME_TIMEOUT_MS,
  IsthmusError,
  type Problem,
  type RedeemInput,
  type SiteAnswer,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { type Asker, askerHeaders } from '../asker-headers.ts'

/** The hub's endpoints, asked on behalf of one embedding page. Every call throws {@link IsthmusError}. */
export interface Api {
  ask(): Promise<SiteAnswer>
  touch(): Promise<SiteAnswer>
  signOut(): Promise<SiteAnswer>
  redeem(input: RedeemInput): Promise<SiteAnswer>
}

export function createApi(asker: Asker): Api {
  async function call(endpoint: { method: string; path: string }, body?: unknown): Promise<SiteAnswer> {
    const response = await fetch(endpoint.path, {
      method: endpoint.method,
      headers: { ...askerHeaders(asker), ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(FRAME_TIMEOUT_MS),
    }).catch((cause: unknown) => {
      const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
      throw new IsthmusError(timedOut ? 'timeout' : 'unreachable', undefined, { cause })
    })
    const json: unknown = await response.json().catch(() => undefined)
    const read = response.ok ? readAs(siteAnswer, json) : MISFIT
    if (read !== MISFIT) return honestly(read as SiteAnswer)
    const refusal = readAs(problem, json)
    throw new IsthmusError(refusal === MISFIT ? 'unreachable' : (refusal as Problem).error)
  }

  return {
    ask: () => call(ENDPOINTS.session),
    touch: () => call(ENDPOINTS.touch),
    signOut: () => call(ENDPOINTS.signOut),
    redeem: (input) => call(ENDPOINTS.redeem, input),
  }
}

/**
 * No carrier means signed out only where the browser lets the hub's own cookie through.
 * Where it does not, the hub cannot know: this partition is not linked.
 */
export async function honestly(answer: SiteAnswer): Promise<SiteAnswer> {
  if (answer.carrier !== 'none' || answer.state.status !== 'signed-out') return answer
  const access = await document.hasStorageAccess?.().catch(() => false)
  return access ? answer : { ...answer, state: { status: 'unlinked', revision: answer.state.revision } }
}
