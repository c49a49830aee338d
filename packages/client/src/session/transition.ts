import type { ErrorCode, SiteAnswer } from '@isthmus/protocol'
import { doubt, receive } from './answers.ts'
import { depart, settle, stayed } from './departures.ts'
import { frameFailed, open, questionFailed, wake } from './liveness.ts'
import { close, flush } from './questions.ts'
import type { Draft, Effect, Event, Handlers, Pending, State } from './state.ts'

/**
 * The whole behaviour of the client: no clock, no I/O. `now` is this browser's clock, in milliseconds since the epoch.
 * `on` says what becomes of each event; what has to be done for it are the `effects` of the next state.
 */
export function transition(on: Handlers, state: State, event: Event, now: number): State {
  const effects: Effect[] = []
  const draft: Draft = { ...state, now, effects }
  if (state.ended) {
    if ('call' in event) effects.push({ type: 'settle', call: event.call, outcome: 'destroyed' })
    return draft
  }
  on[event.type]?.(draft, event as never, on)
  // What waits is sent, or fails where there is nothing to wait for.
  if (draft.port === 'closed') failAll(draft, on)
  else flush(draft)
  tell(draft)
  return draft
}

/** What is needed for the first answer, and for whatever may come right after it. */
export const core: Handlers = {
  begun(draft) {
    draft.begunAt = draft.now
    open(draft)
  },
  welcome(draft, { answer, peers, aheadMs }, on) {
    draft.port = 'open'
    draft.peers = peers
    draft.aheadMs = aheadMs
    receive(draft, answer, 'frame', on, draft.openedAsOf)
  },
  push: (draft, { answer }, on) => receive(draft, answer, 'push', on),
  answer: (draft, { id, answer }, on) => over(draft, on, close(draft, id), undefined, answer),
  refusal: (draft, { id, code }, on) => over(draft, on, close(draft, id), code),
  stream(draft, { status }) {
    draft.stream = status
    // It speaks of a session that is followed; what is known otherwise stays.
    if (status === 'down' && draft.snapshot.status === 'signed-in') doubt(draft, 'unreachable')
  },
  bounce: (draft) => depart(draft, 'link-click'),
  'frame-failed': (draft, { cause }) => frameFailed(draft, cause),
  'retry-due': (draft, { type }) => wake(draft, type),
  stayed,
  /** Nobody waits for ever. */
  destroyed(draft) {
    const calls = [...draft.questions.flatMap((pending) => pending.calls), draft.leaving?.call]
    for (const call of calls) settle(draft, call, 'destroyed')
    if (!draft.ready) draft.effects.push({ type: 'ready' })
    draft.ended = draft.ready = true
    draft.questions = []
    draft.leaving = undefined
  },
}

/** Nothing can be asked while the way is closed: an attempt at it is under way, or planned. */
function failAll(draft: Draft, on: Handlers): void {
  const { questions } = draft
  draft.questions = []
  for (const one of questions) over(draft, on, one, 'unreachable')
}

/** What the end of a question says of the hub is taken in here; what it means for those that asked, their part knows. */
function over(draft: Draft, on: Handlers, pending?: Pending, code?: ErrorCode, answer?: SiteAnswer): void {
  if (!pending) return
  if (pending.question.type === 'redeem') {
    on['redeem-over']?.(draft, { type: 'redeem-over', pending, code, answer }, on)
    return
  }
  if (!pending.void && answer) receive(draft, answer, 'answer', on, pending.asOf)
  if (!pending.void && code) questionFailed(draft, code)
  on['question-over']?.(draft, { type: 'question-over', pending, code }, on)
}

/** What is said once: that the first answer is there, and each cause. A page that is about to leave has neither to say. */
function tell(draft: Draft): void {
  const { snapshot, cause, complained, effects } = draft
  const isUnknown = snapshot.status === 'unknown'
  if (draft.ended || (isUnknown ? !cause || draft.leaving : snapshot.stale)) return
  if (!draft.ready) effects.push({ type: 'ready' })
  draft.ready = true
  if (!isUnknown || !cause || complained.includes(cause)) return
  draft.complained = [...complained, cause]
  effects.push({ type: 'complain', cause })
}
