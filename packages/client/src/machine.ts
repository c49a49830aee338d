import type { Carrier, SiteAnswer, SiteState, Snapshot, StreamStatus } from '@isthmus/protocol'
import { type Cause, REASON_OF } from './findings.ts'

/** The last definite word of the hub. */
export type Known = Exclude<Snapshot, { status: 'unknown' }>

/** All that the client knows; only {@link transition} makes a new one. */
export interface State {
  readonly snapshot: Snapshot
  /** What the hub said last; kept through every failure. */
  readonly known: Known | undefined
  /** Counts what was taken in. A question remembers the count, and so an answer tells whether it is newer than what is known. */
  readonly taken: number
  /** Site id that the hub answered for. */
  readonly site: string | null
  readonly carrier: Carrier | null
  readonly stream: StreamStatus
  readonly port: 'opening' | 'open' | 'closed'
  /** Failures in a row; each makes the next pause longer. */
  readonly failures: number
  /** Why the session is unknown; `undefined` while it is known, or loading. */
  readonly cause: Cause | undefined
  /** How often in a row the frame was taken away as soon as it was there. */
  readonly removals: number
  /** The page was restored, and not answered since: all else may have lain in the port while it was away. */
  readonly restoring: boolean
  /** A ticket is being redeemed: until that is settled, "unlinked" is no news. */
  readonly redeeming: boolean
  /** Session that the user brings along from another site. */
  readonly wanted: string | undefined
  /** The Domain that the hub allows for the mirror's cookie; without it the cookie is this host's alone. */
  readonly cookieDomain: string | undefined
  readonly habits: Habits
}

/** How this client lives; it never changes. */
export interface Habits {
  /** What the hub says is kept where the site's back end and the next page find it. */
  readonly mirrors: boolean
  /** No stream brings the news: the hub has to be asked again. */
  readonly polls: boolean
}

/** How an answer came: in the frame's greeting, to a question, by itself, or from another tab. */
export type Via = 'frame' | 'answer' | 'push' | 'tab'

/** All that can happen to a client. */
export type Event =
  | { readonly type: 'told'; readonly via: Via; readonly answer: SiteAnswer; readonly asOf?: number }
  | { readonly type: 'redeemed'; readonly answer: SiteAnswer | undefined; readonly asOf: number }
  | { readonly type: 'stream'; readonly status: StreamStatus }
  /** The user clicked on the hub's button, and its frame was given no access: a bounce that is asked for. */
  | { readonly type: 'bounce' }
  /** The frame could not be opened, or does not answer any more. */
  | { readonly type: 'frame-failed'; readonly cause: Cause }
  /** Somebody took the frame out of the page, which had an open port. */
  | { readonly type: 'frame-removed'; readonly soon: boolean }
  /** The frame is there, but the hub behind it did not answer a question. */
  | { readonly type: 'question-failed'; readonly cause: Cause }
  | { readonly type: 'retry-due' }
  /** It is a while since the hub was heard: a token grows old, or news may be out. */
  | { readonly type: 'renewal-due' }
  /** Somebody looks at the page, or the network is back. */
  | { readonly type: 'looked-at' }
  /** The page came back from the back-forward cache: pushes were missed. */
  | { readonly type: 'restored' }

/** What has to be done after a transition; the session object does it, in this order. */
export type Effect =
  | { readonly type: 'announce'; readonly via: Via | undefined }
  | { readonly type: 'relay'; readonly answer: SiteAnswer }
  | { readonly type: 'ask' }
  | { readonly type: 'redeem' }
  | { readonly type: 'open-frame'; readonly failures: number }
  | { readonly type: 'retry-after'; readonly failures: number }
  /** `forced`: the user asked for it, by a click or by a link that takes the session along. */
  | { readonly type: 'link'; readonly forced: boolean }
  /** The partition's own carrier works: a later loss of it may bounce again. */
  | { readonly type: 'linked' }
  /** What the next page and the back end find; without a token: nothing, as the session is over. */
  | { readonly type: 'mirror'; readonly token: string | undefined; readonly cookieDomain: string | undefined }
  | { readonly type: 'renew-later' }

export type Step = readonly [State, ...Effect[]]

const NO_END = { idleExpiresAt: 0 }

const NO_HABITS: Habits = { mirrors: false, polls: false }

/** What a client begins with. */
export interface Beginning {
  /** The page was opened with a ticket. */
  readonly redeeming?: boolean
  /** Session that the user brings along from another site. */
  readonly wanted?: string | undefined
  readonly habits?: Habits
  /** What the page before left in the mirror, older than anything the hub will say. */
  readonly mirrored?: Known | undefined
}

/** A client that has asked nothing yet. */
export function initialState({ redeeming = false, wanted, habits = NO_HABITS, mirrored }: Beginning = {}): State {
  return {
    snapshot: mirrored ?? { status: 'unknown', reason: 'loading', stale: false },
    known: mirrored,
    taken: 0,
    site: null,
    carrier: null,
    stream: 'idle',
    port: 'opening',
    failures: 0,
    cause: undefined,
    removals: 0,
    restoring: false,
    redeeming,
    // A ticket in hand comes first: two errands at once would wait for each other.
    wanted: redeeming ? undefined : wanted,
    cookieDomain: undefined,
    habits,
  }
}

/** The whole behaviour of the client: no clock, no I/O. */
export function transition(state: State, event: Event): Step {
  switch (event.type) {
    case 'told':
      return told(state, event)
    case 'redeemed': {
      const settled = { ...state, redeeming: false }
      if (!event.answer || state.restoring) return [settled, { type: 'ask' }]
      // Overtaken by other news: the next answer decides.
      return isNews(settled, event.answer, event.asOf)
        ? take(settled, event.answer, 'answer')
        : [settled, { type: 'ask' }]
    }
    case 'stream': {
      const next = { ...state, stream: event.status }
      // It speaks of a session that is followed; what is known otherwise stays.
      return event.status === 'down' && state.snapshot.status === 'signed-in' ? doubt(next, 'unreachable') : [next]
    }
    case 'bounce':
      return [state, { type: 'link', forced: true }]
    case 'frame-failed':
      return retry(closed(state), event.cause)
    case 'frame-removed': {
      // A page that swaps its content takes the frame along: it comes back without a word.
      if (!event.soon) return open({ ...closed(state), removals: 0 })
      // A greeting ends the failures, but not those of a browser that lets the frame greet and then takes it away.
      const removals = state.removals + 1
      return retry({ ...closed(state), removals, failures: Math.max(state.failures, state.removals) }, 'frame-removed')
    }
    case 'question-failed':
      return retry(state, event.cause)
    case 'retry-due':
    case 'looked-at': {
      // Nobody knows yet how the first attempt goes; one that already failed must not make a user wait who came back.
      const waits = state.port === 'opening' && (state.failures === 0 || event.type === 'retry-due')
      if (waits) return [state]
      if (state.port !== 'open') return open(state)
      return event.type === 'looked-at' || state.failures > 0 ? [state, { type: 'ask' }] : [state]
    }
    case 'renewal-due': {
      if (state.port !== 'open' || state.known?.status !== 'signed-in') return [state]
      // An open stream brings the next token by itself.
      return [state, { type: state.stream === 'open' ? 'renew-later' : 'ask' }]
    }
    case 'restored': {
      // A greeting may have lain waiting too: a frame that was being opened is opened anew.
      const [next, question]: Step = state.port === 'open' ? [state, { type: 'ask' }] : open(state)
      const restored: State = { ...next, restoring: true }
      const effects = question ? [question] : []
      return state.known?.status === 'signed-in' ? doubt(restored, 'loading', ...effects) : [restored, ...effects]
    }
  }
}

function closed(state: State): State {
  return { ...state, port: 'closed', stream: 'idle' }
}

function open(state: State): Step {
  return [
    { ...state, port: 'opening' },
    { type: 'open-frame', failures: state.failures },
  ]
}

function told(before: State, { via, answer, asOf }: Extract<Event, { type: 'told' }>): Step {
  if (before.restoring && (via === 'push' || via === 'tab')) return [before]
  const state = before.restoring ? { ...before, restoring: false } : before
  const news = isNews(state, answer, asOf)
  if (via === 'frame') {
    const opened: State = { ...state, port: 'open' }
    if (opened.wanted !== undefined) return compare({ ...opened, wanted: undefined }, opened.wanted, answer, news)
    // Redeemed even where the cookie carries the session: in Firefox it may do so for the page, and not for its workers.
    // What the partition's old carrier says is about to be overtaken: to show it would be a flicker, of somebody else perhaps.
    if (opened.redeeming) return [{ ...opened, carrier: answer.carrier }, { type: 'redeem' }]
    return news ? take(opened, answer, via) : [opened]
  }
  return news && !state.redeeming ? take(state, answer, via) : [state]
}

/** A partition that does not hold the session that is brought along gets it by a bounce, and shows nobody until then. */
function compare(state: State, wanted: string, answer: SiteAnswer, news: boolean): Step {
  const here = answer.carrier === 'cookie' || (answer.state.status === 'signed-in' && answer.state.sid === wanted)
  if (!here)
    return [
      { ...state, carrier: answer.carrier },
      { type: 'link', forced: true },
    ]
  return news ? take(state, answer, 'frame') : [state]
}

/** An answer to a question that was asked after the last news was taken in is newer than it; all else compares revisions. */
function isNews(state: State, { state: { revision } }: SiteAnswer, asOf: number | undefined): boolean {
  return asOf === state.taken || state.known === undefined || revision >= state.known.revision
}

function take(state: State, answer: SiteAnswer, via: Via): Step {
  const carrier = via === 'tab' ? state.carrier : answer.carrier
  // Neighbours on other hosts share the stream, and tabs tell each other no more than states.
  const cookieDomain = via === 'frame' || via === 'answer' ? answer.cookieDomain : state.cookieDomain
  const base: State = {
    ...state,
    site: answer.site,
    carrier,
    cookieDomain,
    taken: state.taken + 1,
    failures: 0,
    cause: undefined,
  }
  if (answer.state.status === 'unlinked') {
    const [next, ...effects] = doubt(base, 'partitioned')
    return [next, ...mirror(next, undefined), ...effects, { type: 'link', forced: false }]
  }
  const known: Known = { ...withToken(answer.state, via, state.known), stale: false }
  const changed = !isSame(state.snapshot, known)
  const next: State = { ...base, known, snapshot: changed ? known : state.snapshot }
  const told = changed && !isSame(withoutToken(state.snapshot), withoutToken(known))
  const effects: Effect[] = [...mirror(next, known)]
  if (changed) effects.push({ type: 'announce', via: told ? via : undefined })
  if (told && via !== 'tab') effects.push({ type: 'relay', answer: relayed(answer) })
  if (carrier !== null && carrier !== 'none') effects.push({ type: 'linked' })
  // Another tab was told: this one's frame follows with its own carrier. A later idle end its stream brings by itself.
  const moved = !isSame({ ...state.snapshot, ...NO_END }, { ...known, ...NO_END })
  if (via === 'tab' && moved && state.port === 'open') effects.push({ type: 'ask' })
  return [next, ...effects]
}

/** A token is for the page that asked for it: other tabs have their own. */
function relayed({ site, carrier, state }: SiteAnswer): SiteAnswer {
  return { site, carrier, state: withoutToken(state) }
}

function withoutToken<T extends object>(state: T): T {
  const { token: _, ...rest } = state as T & { token?: string }
  return rest as T
}

/** Keeps the token where the answer brings no newer one: a tab tells none, and another hub server signs the same claims anew. */
function withToken(told: Exclude<SiteState, { status: 'unlinked' }>, via: Via, known: Known | undefined): typeof told {
  if (!isGranted(told) || !isGranted(known) || known.sid !== told.sid || known.token === undefined) return told
  const same = told.token === undefined ? via === 'tab' : claimsOf(told.token) === claimsOf(known.token)
  return same ? { ...told, token: known.token } : told
}

function isGranted<S extends { status: string }>(state: S | undefined): state is Extract<S, { access: 'granted' }> {
  return state?.status === 'signed-in' && (state as { access?: string }).access === 'granted'
}

/** All but the signature. */
function claimsOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

/** What becomes of the mirror. A page that was granted nothing leaves nothing behind. */
function mirror({ habits, cookieDomain }: State, known: Known | undefined): Effect[] {
  const effects: Effect[] = []
  const token = isGranted(known) ? known.token : undefined
  // A state without a token, told by another tab: the answer with one is on its way.
  if (habits.mirrors && (token || !isGranted(known))) effects.push({ type: 'mirror', token, cookieDomain })
  if ((habits.mirrors || habits.polls) && known?.status === 'signed-in') effects.push({ type: 'renew-later' })
  return effects
}

/** From now on the session is unknown; what was known stays visible as `last`. */
function doubt(state: State, doubted: Cause | 'loading', ...effects: Effect[]): Step {
  const cause = doubted === 'loading' ? undefined : doubted
  const snapshot: Snapshot = {
    status: 'unknown',
    reason: cause ? REASON_OF[cause] : 'loading',
    ...(state.known && { last: { ...state.known, stale: true } }),
    stale: state.known !== undefined,
  }
  if (isSame(state.snapshot, snapshot)) return [{ ...state, cause }, ...effects]
  return [{ ...state, cause, snapshot }, { type: 'announce', via: undefined }, ...effects]
}

function retry(state: State, cause: Cause): Step {
  const failures = state.failures + 1
  return doubt({ ...state, failures, restoring: false }, cause, { type: 'retry-after', failures })
}

/**
 * Snapshots are plain data made in one place, with one order of keys. A new revision alone is no change: a hub that has
 * nothing to say says so under a new one each time, and tabs that told each other would never stop.
 */
function isSame(one: Snapshot, other: Snapshot): boolean {
  return JSON.stringify({ ...one, revision: 0 }) === JSON.stringify({ ...other, revision: 0 })
}
