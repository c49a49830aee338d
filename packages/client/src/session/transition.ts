import { active, extend, fail, failAll, refresh, settle, signOut } from './acts.ts'
import { receive, receiveRedeemed } from './answers.ts'
import {
  frameFailed,
  frameRemoved,
  isPassing,
  left,
  open,
  questionFailed,
  renew,
  restored,
  streamTurned,
  wake,
} from './liveness.ts'
import { ask, close, flush } from './questions.ts'
import { andThen, type Effect, type Event, type State, type Step } from './state.ts'
import { depart, prepared, registered, stayed } from './travel.ts'

/** The whole behaviour of the client: no clock, no I/O. `now` is this browser's clock, in milliseconds since the epoch. */
export function transition(state: State, event: Event, now: number): Step {
  if (state.ended)
    return 'call' in event ? [state, { type: 'settle', call: event.call, outcome: 'destroyed' }] : [state]
  return andThen(andThen(happen(state, event, now), proceed), tell)
}

function happen(state: State, event: Event, now: number): Step {
  switch (event.type) {
    case 'begun':
      return open(state)
    case 'greeted': {
      const { answer, peers, aheadMs } = event
      return receive({ ...state, port: 'open', peers, aheadMs }, answer, 'frame', state.openedAsOf, now)
    }
    case 'told':
      return receive(state, event.answer, event.via, undefined, now)
    case 'answered':
      return answered(state, event, now)
    case 'registered':
      return accepted(state, event)
    case 'refused':
      return refused(state, event)
    case 'stream':
      return streamTurned(state, event.status)
    case 'bounce':
      return depart(state, 'link-click')
    case 'frame-failed':
      return frameFailed(state, event.cause)
    case 'frame-removed':
      return frameRemoved(state, event.soon)
    case 'retry-due':
    case 'looked-at':
      return wake(state, event.type)
    case 'renewal-due':
      return renew(state)
    case 'end-due':
      return [ask(state)]
    case 'left':
      return left(state)
    case 'restored':
      return restored(state)
    case 'active':
      return active(state, now)
    case 'edited':
      return [{ ...state, edited: true }]
    case 'refresh':
      return refresh(state, event.call)
    case 'extend':
      return extend(state, event.call)
    case 'sign-out':
      return signOut(state, event.call)
    case 'link':
      return depart(state, 'link-call', event.call)
    case 'sign-in':
      return depart(state, 'sign-in', event.call, event.returnTo)
    case 'prepared':
      return prepared(state, event)
    case 'stayed':
      return stayed(state, event)
    case 'destroyed':
      return destroyed(state)
  }
}

function answered(before: State, { id, answer }: Extract<Event, { type: 'answered' }>, now: number): Step {
  const [state, pending] = close(before, id)
  if (!pending) return [before]
  const { question, asOf } = pending
  if (question.type === 'redeem') return receiveRedeemed(state, answer, asOf, now)
  const taken: Step = pending.void ? [state] : receive(state, answer, 'answer', asOf, now)
  return andThen(taken, (next) => settle(next, pending))
}

function accepted(before: State, { id, visit }: Extract<Event, { type: 'registered' }>): Step {
  const [state, pending] = close(before, id)
  return pending?.question.type === 'visit' ? registered(state, pending.question.challenge, visit) : [state]
}

function refused(before: State, { id, code }: Extract<Event, { type: 'refused' }>): Step {
  const [state, pending] = close(before, id)
  if (!pending) return [before]
  if (pending.question.type === 'redeem') {
    // The ticket is still in hand: the next frame redeems it.
    if (isPassing(code)) return frameFailed(state, code === 'internal' ? 'hub-failing' : code)
    return [ask({ ...state, ticket: undefined }), { type: 'ticket-spent', refused: code }]
  }
  const noted: Step = pending.void ? [state] : questionFailed(state, code)
  return andThen(noted, (next) => fail(next, pending, code))
}

/** What waits is sent, or fails where there is nothing to wait for. */
function proceed(state: State): Step {
  return state.port === 'closed' && state.questions.length > 0 ? failAll(state, 'unreachable') : flush(state)
}

/** What is said once: that the first answer is there, and each cause. A page that is about to leave has neither to say. */
function tell(state: State): Step {
  const { snapshot, cause, complained, leaving } = state
  const isUnknown = snapshot.status === 'unknown'
  if (isUnknown ? !cause || leaving : snapshot.stale) return [state]
  const effects: Effect[] = []
  if (!state.ready) effects.push({ type: 'ready' })
  const isNew = isUnknown && cause && !complained.includes(cause)
  if (state.ready && !isNew) return [state]
  if (isNew) effects.push({ type: 'complain', cause })
  return [{ ...state, ready: true, complained: isNew ? [...complained, cause] : complained }, ...effects]
}

/** Nobody waits for ever. */
function destroyed(state: State): Step {
  const calls = [...state.questions.flatMap((pending) => pending.calls), state.leaving?.call]
  const effects: Effect[] = calls.flatMap((call) =>
    call === undefined ? [] : [{ type: 'settle', call, outcome: 'destroyed' }],
  )
  const ended: State = { ...state, ended: true, ready: true, questions: [], leaving: undefined, port: 'closed' }
  return state.ready ? [ended, ...effects] : [ended, ...effects, { type: 'ready' }]
}
