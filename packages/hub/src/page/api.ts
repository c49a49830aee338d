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
import { type Embedder, embedderHeaders } from '../embedder.ts'
import type { BoundKey } from '../key/bound-key.ts'
import { type KeyPart, loadKeyPart, mayKeepKey } from '../key/key-part.ts'
import type { Hedge } from './hedge.ts'

/** The hub's endpoints, asked on behalf of one embedder. Every call throws {@link IsthmusError}. */
export interface Api {
  ask(): Promise<SiteAnswer>
  touch(): Promise<SiteAnswer>
  signOut(): Promise<SiteAnswer>
  /** Gives this partition a carrier; which one sticks, the next answer shows. */
  redeem(input: RedeemInput): Promise<SiteAnswer>
  /** The same without a ticket, where the browser lets this frame have the hub's own cookie. */
  adopt(): Promise<SiteAnswer>
  /** Has the hub accept a top-level visit; gives its short id. */
  registerVisit(visit: Visit): Promise<string>
  /** What the page was told without a proof; asked again with the partition's key, if it has one. */
  find(answer: SiteAnswer): Promise<SiteAnswer>
  /** The key that carries the session, where it does. */
  key(): BoundKey | undefined
  /** The nonce for the first proof of a worker. */
  nonce(): string
}

interface Endpoint {
  readonly method: string
  readonly path: string
}

/**
 * Finds and keeps the carrier of one partition.
 *
 * 1. A document request carries cookies only. Where they proved nothing, the partition may keep a key: it is looked for,
 *    and asked with.
 * 2. A ticket gives the partition a cookie and, bound to a fresh key, a handle. From then on requests carry both.
 * 3. The first answer to such a request names the carrier that the hub took. The partition's cookie: the key is
 *    forgotten. The hub's own: the key is kept, as the browser may take that cookie back, and not used. The key: it stays.
 * 4. Where the key proves a session that is over, another page may have got a newer handle: it is looked for again.
 */
export function createApi(embedder: Embedder, nonce: string, hedge: Hedge): Api {
  let part: KeyPart | undefined
  let key: BoundKey | undefined
  /** A ticket was redeemed, and its carrier not yet seen. */
  let unproven: Promise<void> | undefined
  const accessOfDocument = hasAccess()

  async function usePart(): Promise<KeyPart> {
    part = await loadKeyPart()
    part.startWithNonce(nonce)
    return part
  }

  async function call(
    { method, path }: Endpoint,
    expected: Table,
    body?: unknown,
    { pair = key?.pair, signal }: { pair?: CryptoKeyPair | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = {
      method,
      headers: { ...embedderHeaders(embedder), ...json },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      signal: within(FRAME_TIMEOUT_MS, signal),
    } as const
    const sending = pair && part ? part.fetchWithProof(path, init, pair, key?.handle) : fetch(path, init)
    const response = await sending.catch((cause: unknown) => {
      const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
      throw new IsthmusError(timedOut ? 'timeout' : 'unreachable', undefined, { cause })
    })
    const given: unknown = await response.json().catch(() => undefined)
    const read = response.ok ? readAs(expected, given) : MISFIT
    if (read !== MISFIT) return read
    const refusal = readAs(problem, given)
    throw new IsthmusError(refusal === MISFIT ? 'unreachable' : (refusal as Problem).error)
  }

  async function askFor(endpoint: Endpoint, signal?: AbortSignal): Promise<SiteAnswer> {
    const access = await hasAccess()
    const answer = honestly((await call(endpoint, siteAnswer, undefined, { signal })) as SiteAnswer, access)
    await settle(answer)
    const used = key
    if (!used || !part || answer.state.status === 'signed-in') return answer
    // As a cookie would be: another tab of this partition may have got the next handle.
    const kept = await part.loadKey(answer.site)
    // Meanwhile another answer may have shown that the cookie carries: then no key is used any more.
    if (!kept || key !== used || kept.handle === used.handle) return answer
    key = kept
    return askFor(endpoint, signal)
  }

  /** Which carrier stuck. */
  async function settle({ carrier, site }: SiteAnswer): Promise<void> {
    const saved = unproven
    if (!saved || carrier === 'none') return
    unproven = undefined
    await saved
    if (carrier !== 'key') key = undefined
    if (carrier === 'partitioned') await part?.forgetKey(site)
  }

  const act = (endpoint: Endpoint): Promise<SiteAnswer> => hedge.send((signal) => askFor(endpoint, signal))
  const ask = (): Promise<SiteAnswer> => act(ENDPOINTS.session)

  async function link(endpoint: Endpoint, input?: RedeemInput): Promise<SiteAnswer> {
    // A key that is there already stays: its proof also says which session this partition had before.
    const pair =
      key?.pair ??
      (await usePart()
        .then((code) => code.createKey())
        .catch(() => undefined))
    const { handle, ...answer } = (await call(endpoint, redeemed, input, { pair })) as Redeemed
    key = pair && handle !== undefined ? { pair, handle } : undefined
    // Kept before it is needed: the page may be left at any time.
    unproven = key && part ? part.saveKey(answer.site, key) : part?.forgetKey(answer.site)
    return answer
  }

  return {
    ask,
    touch: () => act(ENDPOINTS.touch),
    signOut: () => act(ENDPOINTS.signOut),

    redeem: (input) => link(ENDPOINTS.redeem, input),
    adopt: () => link(ENDPOINTS.linkFrame),

    async registerVisit(visit) {
      return ((await call(ENDPOINTS.registerVisit, registeredVisit, visit)) as RegisteredVisit).visit
    },

    async find(answer) {
      if (answer.carrier !== 'none') return answer
      if (!mayKeepKey(answer.site)) return unlinked(answer)
      const { forgetKey, loadKey, rejectKey } = await usePart()
      key = await loadKey(answer.site, rejectKey)
      if (!key) return unlinked(answer)
      // A network that fails says nothing of the session: then nothing is said at all.
      const byKey = await ask().catch((error: IsthmusError) => {
        if (error.code !== 'proof-refused') throw error
      })
      if (byKey && byKey.carrier !== 'none') return byKey
      key = undefined
      // The hub does not know this handle any more, or it was never bound to this key.
      await (byKey ? forgetKey : rejectKey)(answer.site)
      return unlinked(answer)
    },

    key: () => key,
    nonce: () => part?.latestNonce() ?? nonce,
  }

  async function unlinked(answer: SiteAnswer): Promise<SiteAnswer> {
    const honest = honestly(answer, await accessOfDocument)
    // What is linked next may need a key: its code is there by then.
    if (honest.state.status === 'unlinked') usePart().catch(() => undefined)
    return honest
  }
}

/** Ends after so long, and as the other one does. */
function within(ms: number, other: AbortSignal | undefined): AbortSignal {
  const end = new AbortController()
  setTimeout(() => end.abort(new DOMException('', 'TimeoutError')), ms)
  other?.addEventListener('abort', () => end.abort(other.reason))
  return end.signal
}

/** Whether the browser lets the hub's own cookie through, to this frame. */
async function hasAccess(): Promise<boolean | undefined> {
  return document.hasStorageAccess?.().catch(() => false)
}

/**
 * No carrier means signed out only where the browser let the hub's own cookie through: as the request was sent, because
 * the user may give access while it is under way. Where it did not, the hub cannot know: this partition is not linked.
 */
function honestly(answer: SiteAnswer, access: boolean | undefined): SiteAnswer {
  if (access || answer.carrier !== 'none' || answer.state.status !== 'signed-out') return answer
  return { ...answer, state: { status: 'unlinked', revision: answer.state.revision } }
}
