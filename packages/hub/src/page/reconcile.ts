import type { ClientToHub, ErrorCode, HubToClient, SiteAnswer, StreamStatus } from '@isthmus/protocol'
import { PROTOCOL_VERSION } from '@isthmus/protocol'
import type { Embedder } from '../embedder.ts'

/**
 * Which worker holds the stream: one that the browser shares in the partition; one of this page's own, of which the pages
 * of the partition elect one; one that this page has for itself.
 */
export type StreamWorker = 'shared' | 'elected' | 'alone'

/** All that the hub page knows; only {@link reconcile} makes a new one. */
export interface State {
  /** The carrier is being found for this embedder, which is greeted then: by window message, or over the port of its hello. */
  readonly finding: { readonly embedder: Embedder; readonly to: MessagePort | 'window' } | undefined
  /** The page that is served. */
  readonly embedder: Embedder | undefined
  /** The truth as this page knows it: its carrier is the page's, its session the one that is followed. */
  readonly answer: SiteAnswer | undefined
  readonly worker: StreamWorker
  /** A shared worker was silent, and may still speak: its script can be slow. */
  readonly sharedIsSilent: boolean
  /** How often in a row the page had an answer while the stream had none. */
  readonly contradictions: number
  /** Workers of this page's own, in a row, whose script did not get through. */
  readonly losses: number
  /** The session that this page gave its partition by itself: once is enough to see whether that helps. */
  readonly adopted: string | undefined
}

/** Why the page asks the hub itself. */
export type Doubt = 'stream-down' | 'pushed' | 'linked'

export type Event =
  /** The document holds a state; with a port, its embedder was greeted with it. */
  | { readonly type: 'opened'; readonly embedder: Embedder; readonly answer: SiteAnswer; readonly port?: MessagePort }
  | { readonly type: 'hello'; readonly embedder: Embedder; readonly port: MessagePort }
  /** What the partition's carrier proves; nothing where the hub refused or did not answer. */
  | { readonly type: 'found'; readonly embedder: Embedder; readonly answer: SiteAnswer | undefined }
  | { readonly type: 'question'; readonly question: ClientToHub }
  | { readonly type: 'answered'; readonly question: ClientToHub; readonly answer: SiteAnswer }
  | { readonly type: 'visit-registered'; readonly question: ClientToHub; readonly visit: string }
  | { readonly type: 'refused'; readonly question: ClientToHub; readonly code: ErrorCode }
  /** The stream brought a state. */
  | { readonly type: 'pushed'; readonly answer: SiteAnswer }
  | { readonly type: 'status'; readonly status: StreamStatus }
  /** The outcome of a question that the page asked itself. */
  | { readonly type: 'checked'; readonly doubt: Doubt; readonly answer: SiteAnswer | undefined }
  /** The partition was linked to the session of the hub's own cookie, or that failed. */
  | { readonly type: 'adopted' }
  /** The user clicked on the button, and the browser gave the frame access to the hub's own cookie, or gave none. */
  | { readonly type: 'access'; readonly given: boolean }
  | { readonly type: 'linked-by-click'; readonly answer: SiteAnswer }
  /**
   * The shared worker spoke for the first time; did not answer in time; is not to be had, or cannot prove the session. The
   * script of the page's own worker did not get through.
   */
  | { readonly type: 'worker'; readonly is: 'heard' | 'silent' | 'refused' | 'lost' }
  /** The pause after a loss is over. */
  | { readonly type: 'again' }
  /** The page goes into the back-forward cache or ends; it comes back. */
  | { readonly type: 'hidden' }
  | { readonly type: 'restored' }

export type Effect =
  /** Finds the carrier, beginning with what was answered without a proof, if anything was. */
  | { readonly type: 'find'; readonly embedder: Embedder; readonly answer: SiteAnswer | undefined }
  /** Serves this embedder over a port from now on. */
  | { readonly type: 'serve'; readonly embedder: Embedder; readonly port: MessagePort | undefined }
  /** Greets the embedder: by window message with a new port where none is given. */
  | { readonly type: 'greet'; readonly answer: SiteAnswer; readonly by: 'window' | 'port' }
  | { readonly type: 'tell'; readonly message: HubToClient }
  | { readonly type: 'call'; readonly question: ClientToHub }
  | { readonly type: 'check'; readonly doubt: Doubt; readonly otherwise?: SiteAnswer }
  | { readonly type: 'adopt' }
  | { readonly type: 'link-by-click' }
  | { readonly type: 'follow'; readonly worker: StreamWorker; readonly site: string; readonly sid: string }
  | { readonly type: 'leave'; readonly worker: StreamWorker | 'all' }
  /** Says `again` after a pause that grows with the losses. */
  | { readonly type: 'pause'; readonly losses: number }
  | { readonly type: 'wake'; readonly revision: number }

export type Step = readonly [State, ...Effect[]]

export const INITIAL_STATE: State = {
  finding: undefined,
  embedder: undefined,
  answer: undefined,
  worker: 'shared',
  sharedIsSilent: false,
  contradictions: 0,
  losses: 0,
  adopted: undefined,
}

const isthmus = PROTOCOL_VERSION

/** The whole behaviour of the hub page: no clock, no I/O. */
export function reconcile(state: State, event: Event): Step {
  switch (event.type) {
    case 'opened': {
      const { embedder, answer, port } = event
      if (!port) return find(state, embedder, 'window', answer)
      return [{ ...state, embedder, answer }, { type: 'serve', embedder, port }, ...followed(state, undefined, answer)]
    }
    case 'hello': {
      const { embedder, port } = event
      // Served already: the port of the hello takes the place of the other, and the stream goes on.
      if (state.answer && state.embedder?.origin === embedder.origin) return greet(state, state.embedder, port)
      // A greeting by window message is void from now on.
      const { finding } = state
      if (finding?.embedder.origin === embedder.origin) return [{ ...state, finding: { ...finding, to: port } }]
      return find(state, embedder, port, undefined)
    }
    case 'found': {
      const { finding } = state
      if (finding?.embedder !== event.embedder) return [state]
      const idle = { ...state, finding: undefined }
      // Refused or unreachable: silence, and an open ear for the next hello.
      if (!event.answer) return [idle]
      const next = { ...idle, answer: event.answer }
      const embedder = { ...event.embedder, site: event.answer.site }
      const [greeted, ...effects] = greet(next, embedder, finding.to)
      return [greeted, ...effects, ...followed(next, state.answer, event.answer)]
    }
    case 'question':
      return [state, { type: 'call', question: event.question }]
    case 'refused':
      return [state, tell({ isthmus, type: 'refusal', id: event.question.id, code: event.code })]
    case 'visit-registered':
      return [state, tell({ isthmus, type: 'visit-registered', id: event.question.id, visit: event.visit })]
    case 'answered': {
      const { answer } = event
      const { id } = event.question
      if (event.question.type === 'redeem') {
        return [state, tell({ isthmus, type: 'answer', id, answer: unproven(answer) }), settle(answer)]
      }
      const [next, ...effects] = take(state, answer, { isthmus, type: 'answer', id, answer })
      return [next, ...effects, { type: 'wake', revision: answer.state.revision }]
    }
    case 'pushed':
      return isProven(state, event.answer) ? take(state, event.answer) : [state, { type: 'check', doubt: 'pushed' }]
    case 'status': {
      // Before the hub is called unreachable, the page itself tries: the truth may get through where the stream does not.
      if (event.status === 'down') return [state, { type: 'check', doubt: 'stream-down' }]
      const contradictions = event.status === 'open' ? 0 : state.contradictions
      return [{ ...state, contradictions, losses: 0 }, stream(event.status)]
    }
    case 'checked':
      return checked(state, event)
    case 'adopted':
      return [state, ...follow(state)]
    case 'access':
      return [state, event.given ? { type: 'link-by-click' } : tell({ isthmus, type: 'bounce' })]
    case 'linked-by-click': {
      const { answer } = event
      // The hub saw its own cookie, or that there is none: there is no carrier to look for.
      if (answer.carrier === 'none') return take(state, answer)
      return [state, tell({ isthmus, type: 'push', answer: unproven(answer) }), settle(answer)]
    }
    case 'worker':
      return heedWorker(state, event.is)
    case 'hidden':
      return [state, { type: 'leave', worker: 'all' }]
    case 'again':
    case 'restored':
      return [state, ...follow(state)]
  }
}

function find(state: State, embedder: Embedder, to: MessagePort | 'window', answer: SiteAnswer | undefined): Step {
  return [
    { ...state, finding: { embedder, to } },
    { type: 'find', embedder, answer },
  ]
}

function greet(state: State, embedder: Embedder, to: MessagePort | 'window'): Step {
  const answer = state.answer as SiteAnswer
  const served: State = { ...state, embedder }
  if (to === 'window') {
    return [served, { type: 'serve', embedder, port: undefined }, { type: 'greet', answer, by: 'window' }]
  }
  return [served, { type: 'serve', embedder, port: to }, { type: 'greet', answer, by: 'port' }]
}

/** An answer becomes the truth: the embedder is told, and the stream follows its session. */
function take(state: State, answer: SiteAnswer, message: HubToClient = { isthmus, type: 'push', answer }): Step {
  const effects = followed(state, state.answer, answer)
  const next = { ...state, answer }
  // The stream is said to connect before its session is told, and to rest after the end is told.
  return sidOf(answer) === undefined ? [next, tell(message), ...effects] : [next, ...effects, tell(message)]
}

/** What it takes that the stream follows the session of `after`, where it followed that of `before`. */
function followed(state: State, before: SiteAnswer | undefined, after: SiteAnswer): Effect[] {
  if (sidOf(before) === sidOf(after)) return []
  if (sidOf(after) === undefined) return [{ type: 'leave', worker: 'all' }, stream('idle')]
  return [stream('connecting'), ...follow({ ...state, answer: after })]
}

function follow({ answer, worker }: State): Effect[] {
  const sid = sidOf(answer)
  return answer && sid !== undefined ? [{ type: 'follow', worker, site: answer.site, sid }] : []
}

/**
 * A partition may still hold another session beside that of the hub's own cookie, which browsers give to the page alone;
 * the session may have moved on in this browser; or the worker could not prove it. Then only the page can find out.
 */
function isProven({ answer: known }: State, { carrier, state }: SiteAnswer): boolean {
  if (carrier === 'none' || state.status === 'unlinked') return false
  return state.status === 'signed-in' ? state.sid === sidOf(known) : carrier === known?.carrier
}

function checked(state: State, { doubt, answer }: Extract<Event, { type: 'checked' }>): Step {
  if (!answer) return [state, stream('down')]
  const [next, ...effects] = take(state, answer)
  if (doubt === 'stream-down') {
    const contradictions = state.contradictions + 1
    const doubtful = { ...next, contradictions }
    // Once may be a hub that has just come back.
    return contradictions > 1 ? stepDown(doubtful, ...effects) : [doubtful, ...effects]
  }
  const sid = sidOf(answer)
  const samePage = doubt === 'pushed' && sid !== undefined && sid === sidOf(state.answer)
  if (!samePage) return [next, ...effects]
  // The page can prove the session, its worker cannot: it has not the hub's own cookie, and needs the partition's.
  if (answer.carrier === 'cookie' && state.adopted !== sid) {
    return [{ ...next, adopted: sid }, ...effects, { type: 'adopt' }]
  }
  return stepDown(next, ...effects)
}

/** A worker that is nearer to the page: there are browsers in which only that one can prove the session. */
function stepDown(state: State, ...before: Effect[]): Step {
  if (state.worker === 'alone') return [state, ...before]
  const next: State = { ...state, worker: state.worker === 'shared' ? 'elected' : 'alone', sharedIsSilent: false }
  return [next, ...before, { type: 'leave', worker: 'all' }, ...follow(next)]
}

function heedWorker(state: State, is: Extract<Event, { type: 'worker' }>['is']): Step {
  if (is === 'lost') return lose(state)
  if (is === 'refused') return state.worker === 'shared' || state.sharedIsSilent ? giveUpShared(state) : [state]
  if (is === 'silent') {
    if (state.worker !== 'shared') return [state]
    const next: State = { ...state, worker: 'elected', sharedIsSilent: true }
    return [next, ...follow(next)]
  }
  if (!state.sharedIsSilent) return [state]
  const next: State = { ...state, worker: 'shared', sharedIsSilent: false }
  // The session may be another one since the shared worker was told which to follow.
  return [next, { type: 'leave', worker: 'elected' }, ...follow(next)]
}

/** The hub went away before the worker's script was here: the page says what the worker cannot, and tries again. */
function lose(state: State): Step {
  const losses = state.losses + 1
  const leave: Effect = { type: 'leave', worker: state.worker }
  const wait: Effect = { type: 'pause', losses }
  // The first may be a hub that restarts.
  return [{ ...state, losses }, leave, ...(losses > 1 ? [stream('down')] : []), wait]
}

function giveUpShared(state: State): Step {
  const next: State = { ...state, worker: 'elected', sharedIsSilent: false }
  // Where the shared one was silent, the page's own follows already.
  return [next, { type: 'leave', worker: 'shared' }, ...(state.sharedIsSilent ? [] : follow(next))]
}

/** The state of a ticket is the truth at once; by what it is carried, the next request shows. */
function unproven(answer: SiteAnswer): SiteAnswer {
  return { ...answer, carrier: 'none' }
}

function settle(answer: SiteAnswer): Effect {
  return { type: 'check', doubt: 'linked', otherwise: answer }
}

function tell(message: HubToClient): Effect {
  return { type: 'tell', message }
}

function stream(status: StreamStatus): Effect {
  return tell({ isthmus, type: 'stream', status })
}

function sidOf(answer: SiteAnswer | undefined): string | undefined {
  return answer?.state.status === 'signed-in' ? answer.state.sid : undefined
}
