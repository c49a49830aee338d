import { problem, redeemed, registeredVisit, siteAnswer } from 'virtual:isthmus/tables'
import {
  ENDPOINTS,
  FRAME_TIMEOUT_MS,
  IsthmusError,
  type Problem,
  type Redeemed,
  type RedeemInput,
  type RegisteredVisit,
  type SiteAnswer,
  type Visit,
} from '@isthmus/protocol'
import { MISFIT, readAs, type Table } from '@isthmus/protocol/compact'
import { type Embedder, embedderHeaders } from '../embedder-headers.ts'
import { type BoundKey, createKey, forgetKey, loadKey, rejectKey, saveKey } from '../key/bound-key.ts'
import { fetchWithProof } from '../key/fetch-with-proof.ts'

/** An answer takes one round trip: a question that has waited this long may wait in vain. */
const PATIENCE_MS = 1000

/** The hub's endpoints, asked on behalf of one embedding page. Every call throws {@link IsthmusError}. */
export interface Api {
  ask(): Promise<SiteAnswer>
  touch(): Promise<SiteAnswer>
  signOut(): Promise<SiteAnswer>
  /** Gives this partition a carrier: which one is found by trying. */
  redeem(input: RedeemInput): Promise<SiteAnswer>
  /** The same without a ticket, where the browser lets this frame have the hub's own cookie. */
  adopt(): Promise<SiteAnswer>
  /** Has the hub accept a top-level visit; gives its short id. */
  registerVisit(visit: Visit): Promise<string>
  /** What the page was told without a proof; asked again with the partition's key, if it has one. */
  confirm(answer: SiteAnswer): Promise<SiteAnswer>
  /** The key that carries the session, where it does. */
  key(): BoundKey | undefined
}

export function createApi(embedder: Embedder): Api {
  let key: BoundKey | undefined

  async function call(
    { method, path }: { method: string; path: string },
    expected: Table,
    body?: unknown,
    pair: CryptoKeyPair | undefined = key?.pair,
  ): Promise<unknown> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = {
      method,
      headers: { ...embedderHeaders(embedder), ...json },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(FRAME_TIMEOUT_MS),
    } as const
    const response = await (pair ? fetchWithProof(path, init, pair, key?.handle) : fetch(path, init)).catch(
      (cause: unknown) => {
        const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
        throw new IsthmusError(timedOut ? 'timeout' : 'unreachable', undefined, { cause })
      },
    )
    const given: unknown = await response.json().catch(() => undefined)
    const read = response.ok ? readAs(expected, given) : MISFIT
    if (read !== MISFIT) return read
    const refusal = readAs(problem, given)
    throw new IsthmusError(refusal === MISFIT ? 'unreachable' : (refusal as Problem).error)
  }

  async function askFor(endpoint: { method: string; path: string }): Promise<SiteAnswer> {
    const answer = await honestly((await call(endpoint, siteAnswer)) as SiteAnswer)
    if (!key || answer.state.status === 'signed-in') return answer
    // As a cookie would be: another tab of this partition may have got the next handle.
    const kept = await loadKey(answer.site)
    if (!kept || kept.handle === key.handle) return answer
    key = kept
    return askFor(endpoint)
  }

  /**
   * A kept connection may have died without a word, and what is sent over it waits in vain: a question that waits is asked
   * again beside, which takes another connection. The first outcome counts; none of these does anything twice.
   */
  function patiently(endpoint: { method: string; path: string }): Promise<SiteAnswer> {
    let over = false
    const again = async (times: number): Promise<SiteAnswer> => {
      await new Promise((resolve) => setTimeout(resolve, times * PATIENCE_MS))
      return over ? (undefined as never) : askFor(endpoint)
    }
    return Promise.race([askFor(endpoint), ...[1, 2, 3].map(again)]).finally(() => {
      over = true
    })
  }

  const ask = (): Promise<SiteAnswer> => patiently(ENDPOINTS.session)

  async function link(endpoint: { method: string; path: string }, input?: RedeemInput): Promise<SiteAnswer> {
    // A key that is there already stays: its proof also says which session this partition had before.
    const pair = key?.pair ?? (await createKey().catch(() => undefined))
    const { site: id, handle } = (await call(endpoint, redeemed, input, pair)) as Redeemed
    key = undefined
    const byCookie = await ask()
    const bound = pair && handle !== undefined ? { pair, handle } : undefined
    if (byCookie.carrier === 'partitioned' || !bound) {
      await forgetKey(id)
      return byCookie
    }
    // The hub's own cookie hides whether the partition's would stick; and the browser may take it back.
    await saveKey(id, bound)
    if (byCookie.carrier !== 'none') return byCookie
    key = bound
    return ask()
  }

  return {
    ask,
    touch: () => patiently(ENDPOINTS.touch),
    signOut: () => patiently(ENDPOINTS.signOut),

    redeem: (input) => link(ENDPOINTS.redeem, input),
    adopt: () => link(ENDPOINTS.linkFrame),

    async registerVisit(visit) {
      return ((await call(ENDPOINTS.registerVisit, registeredVisit, visit)) as RegisteredVisit).visit
    },

    async confirm(answer) {
      if (answer.carrier !== 'none') return answer
      key = await loadKey(answer.site, rejectKey)
      if (!key) return honestly(answer)
      // A network that fails says nothing of the session: then nothing is said at all.
      const byKey = await ask().catch((error: IsthmusError) => {
        if (error.code !== 'proof-refused') throw error
      })
      if (byKey && byKey.carrier !== 'none') return byKey
      key = undefined
      // The hub does not know this handle any more, or it was never bound to this key.
      await (byKey ? forgetKey : rejectKey)(answer.site)
      return honestly(answer)
    },

    key: () => key,
  }
}

/**
 * No carrier means signed out only where the browser lets the hub's own cookie through.
 * Where it does not, the hub cannot know: this partition is not linked.
 */
async function honestly(answer: SiteAnswer): Promise<SiteAnswer> {
  if (answer.carrier !== 'none' || answer.state.status !== 'signed-out') return answer
  const access = await document.hasStorageAccess?.().catch(() => false)
  return access ? answer : { ...answer, state: { status: 'unlinked', revision: answer.state.revision } }
}
