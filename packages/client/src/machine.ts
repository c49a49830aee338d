import type { Carrier, SiteAnswer, Snapshot, StreamStatus, UnknownReason } from '@isthmus/protocol'

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
  /** A ticket is being redeemed: until that is settled, "unlinked" is no news. */
  readonly redeeming: boolean
}

/** How an answer came: in the frame's greeting, to a question, by itself, or from another tab. */
export type Via = 'frame' | 'answer' | 'push' | 'tab'

/** All that can happen to a client. */
export type Event =
  | { readonly type: 'told'; readonly via: Via; readonly answer: SiteAnswer; readonly asOf?: number }
  | { readonly type: 'redeemed'; readonly answer: SiteAnswer | undefined; readonly asOf: number }
  | { readonly type: 'stream'; readonly status: StreamStatus }
  /** The frame could not be opened, or does not answer any more. */
  | { readonly type: 'frame-failed'; readonly reason: UnknownReason }
  /** The frame is there, but the hub behind it did not answer a question. */
  | { readonly type: 'question-failed'; readonly reason: UnknownReason }
  | { readonly type: 'retry-due' }
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
  | { readonly type: 'open-frame' }
  | { readonly type: 'retry-after'; readonly failures: number }
  | { readonly type: 'link' }
  /** The partition's own carrier works: a later loss of it may bounce again. */
  | { readonly type: 'linked' }

export type Step = readonly [State, ...Effect[]]

/** A client that has asked nothing yet. `redeeming`: the page was opened with a ticket. */
export function initialState(redeeming: boolean): State {
  return {
    snapshot: { status: 'unknown', reason: 'loading', stale: false },
    known: undefined,
    taken: 0,
    site: null,
    carrier: null,
    stream: 'idle',
    port: 'opening',
    failures: 0,
    redeeming,
  }
}

/** The whole behaviour of the client: no clock, no I/O. */
export function transition(state: State, event: Event): Step {
  switch (event.type) {
    case 'told':
      return told(state, event)
    case 'redeemed': {
      const settled = { ...state, redeeming: false }
      if (!event.answer) return [settled, { type: 'ask' }]
      return isNews(settled, event.answer, event.asOf) ? take(settled, event.answer, 'answer') : [settled]
    }
    case 'stream': {
      const next = { ...state, stream: event.status }
      return event.status === 'down' ? doubt(next, 'unreachable') : [next]
    }
    case 'frame-failed':
      return retry({ ...state, port: 'closed', stream: 'idle' }, event.reason)
    case 'question-failed':
      return retry(state, event.reason)
    case 'retry-due':
    case 'looked-at': {
      if (state.port === 'opening') return [state]
      if (state.port === 'closed') return [{ ...state, port: 'opening' }, { type: 'open-frame' }]
      return event.type === 'looked-at' || state.failures > 0 ? [state, { type: 'ask' }] : [state]
    }
    case 'restored': {
      const [next, ...effects] = state.known?.status === 'signed-in' ? doubt(state, 'loading') : ([state] as Step)
      return state.port === 'open' ? [next, ...effects, { type: 'ask' }] : [next, ...effects]
    }
  }
}

function told(state: State, { via, answer, asOf }: Extract<Event, { type: 'told' }>): Step {
  const opened: State = via === 'frame' ? { ...state, port: 'open' } : state
  if (!isNews(state, answer, asOf)) return [opened]
  if (!opened.redeeming) return take(opened, answer, via)
  const { status } = answer.state
  if (via === 'frame') {
    // The cookie carries the session already: the ticket is not needed, and expires by itself.
    if (answer.carrier === 'cookie' && status !== 'unlinked') return take({ ...opened, redeeming: false }, answer, via)
    // What the partition's old carrier says is about to be overtaken: to show it would be a flicker.
    return [{ ...opened, carrier: answer.carrier }, { type: 'redeem' }]
  }
  return status === 'unlinked' ? [opened] : take(opened, answer, via)
}

/** An answer to a question that was asked after the last news was taken in is newer than it; all else compares revisions. */
function isNews(state: State, { state: { revision } }: SiteAnswer, asOf: number | undefined): boolean {
  return asOf === state.taken || state.known === undefined || revision >= state.known.revision
}

function take(state: State, answer: SiteAnswer, via: Via): Step {
  const carrier = via === 'tab' ? state.carrier : answer.carrier
  const base: State = { ...state, site: answer.site, carrier, taken: state.taken + 1, failures: 0 }
  if (answer.state.status === 'unlinked') {
    const [next, ...effects] = doubt(base, 'partitioned')
    return [next, ...effects, { type: 'link' }]
  }
  const known: Known = { ...answer.state, stale: false }
  const next: State = { ...base, known, snapshot: known }
  const changed = !isSame(state.snapshot, known)
  const effects: Effect[] = []
  if (changed) effects.push({ type: 'announce', via })
  if (changed && via !== 'tab') effects.push({ type: 'relay', answer })
  if (carrier !== null && carrier !== 'none') effects.push({ type: 'linked' })
  // Another tab was told: this one's frame follows with its own carrier.
  if (via === 'tab' && changed && state.port === 'open') effects.push({ type: 'ask' })
  return [next, ...effects]
}

/** From now on the session is unknown; what was known stays visible as `last`. */
function doubt(state: State, reason: UnknownReason): Step {
  const snapshot: Snapshot = {
    status: 'unknown',
    reason,
    ...(state.known && { last: { ...state.known, stale: true } }),
    stale: state.known !== undefined,
  }
  if (isSame(state.snapshot, snapshot)) return [state]
  return [
    { ...state, snapshot },
    { type: 'announce', via: undefined },
  ]
}

function retry(state: State, reason: UnknownReason): Step {
  const failures = state.failures + 1
  const [next, ...effects] = doubt({ ...state, failures }, reason)
  return [next, ...effects, { type: 'retry-after', failures }]
}

/** Snapshots are plain data made in one place, with one order of keys. */
function isSame(one: Snapshot, other: Snapshot): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
