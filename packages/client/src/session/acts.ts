import { type ErrorCode, TOUCH_INTERVAL_MS } from '@isthmus/protocol'
import { isPassing, open, wake } from './liveness.ts'
import { askFor, enqueue } from './questions.ts'
import type { Effect, Pending, State, Step } from './state.ts'
import { depart, unregistered } from './travel.ts'

// What the user does, and what the page asks for. Every call ends in one `settle`.

export function refresh(state: State, call: number): Step {
  return state.port === 'closed' ? open(askFor(state, call)) : [askFor(state, call)]
}

export function extend(state: State, call: number): Step {
  return [enqueue(state, { type: 'touch' }, call)]
}

export function signOut(state: State, call: number): Step {
  return [enqueue(state, { type: 'sign-out' }, call)]
}

/** Activity is reported once a minute, or wakes a page that has lost the hub. */
export function active(state: State, now: number): Step {
  // The clock may be set back.
  if (Math.abs(now - state.activeAt) < TOUCH_INTERVAL_MS) return [state]
  const next = { ...state, activeAt: now }
  return state.snapshot.status === 'signed-in' ? [enqueue(next, { type: 'touch' })] : wake(next, 'looked-at')
}

/** A question was answered; what it said is taken in already. */
export function settle(state: State, { question, calls }: Pending): Step {
  if (question.type === 'sign-out' && state.snapshot.status !== 'signed-out') return signOutAtHub(state, calls)
  return [state, ...outcomes(calls, true)]
}

/** A question failed; what that says of the hub is taken in already. */
export function fail(state: State, { question, calls }: Pending, code: ErrorCode): Step {
  if (question.type === 'visit') return unregistered(state, question.challenge)
  if (question.type !== 'sign-out' || calls.length === 0) return [state, ...outcomes(calls, code)]
  if (code === 'no-session' && state.snapshot.status === 'signed-out') return [state, ...outcomes(calls, true)]
  const isBlocked = state.snapshot.status === 'unknown' && state.snapshot.reason === 'blocked'
  return isPassing(code) && !isBlocked ? [state, ...outcomes(calls, code)] : signOutAtHub(state, calls)
}

/** Nothing can be asked while the way is closed: an attempt at it is under way, or planned. */
export function failAll(state: State, code: ErrorCode): Step {
  let step: Step = [{ ...state, questions: [] }]
  for (const pending of state.questions) {
    const [next, ...effects] = fail(step[0], pending, code)
    step = [next, ...(step.slice(1) as Effect[]), ...effects]
  }
  return step
}

/** The frame cannot act for the session, but the hub itself can. */
function signOutAtHub(state: State, calls: readonly number[]): Step {
  const [next, ...effects] = depart(state, 'sign-out', calls[0])
  return [next, ...effects, ...outcomes(calls.slice(1), true)]
}

function outcomes(calls: readonly number[], outcome: boolean | ErrorCode): Effect[] {
  return calls.map((call) => ({ type: 'settle', call, outcome }))
}
