import type { ErrorCode } from '@isthmus/protocol'
import type { Cause } from '../diagnosis/cause.ts'
import { doubt } from './answers.ts'
import { ask, unsent } from './questions.ts'
import type { State, Step } from './state.ts'

// Whether the hub is heard: the frame and its port, attempts after failures, and pages that were away.

export function open(state: State): Step {
  return [
    { ...state, port: 'opening', openedAsOf: state.taken },
    { type: 'open-frame', failures: state.failures },
  ]
}

export function frameFailed(state: State, cause: Cause): Step {
  return retry(closed(state), cause)
}

export function frameRemoved(state: State, soon: boolean): Step {
  // A page that swaps its content takes the frame along: it comes back without a word.
  if (!soon) return open({ ...closed(state), removals: 0 })
  // A greeting ends the failures, but not those of a browser that lets the frame greet and then takes it away.
  const removals = state.removals + 1
  return retry({ ...closed(state), removals, failures: Math.max(state.failures, state.removals) }, 'frame-removed')
}

/** The frame is there, but the hub behind it did not answer a question. */
export function questionFailed(state: State, code: ErrorCode): Step {
  if (code === 'timeout') return frameFailed(state, code)
  if (code === 'not-registered') return retry(state, code)
  if (!isPassing(code) || state.port !== 'open') return [state]
  return retry(state, code === 'internal' ? 'hub-failing' : 'unreachable')
}

export function streamTurned(state: State, stream: State['stream']): Step {
  const next = { ...state, stream }
  // It speaks of a session that is followed; what is known otherwise stays.
  return stream === 'down' && state.snapshot.status === 'signed-in' ? doubt(next, 'unreachable') : [next]
}

/** It is time for another attempt: the pause is over, or the user is there. */
export function wake(state: State, type: 'retry-due' | 'looked-at'): Step {
  // Nobody knows yet how the first attempt goes; one that already failed must not make a user wait who came back.
  const waits = state.port === 'opening' && (state.failures === 0 || type === 'retry-due')
  if (waits) return [state]
  if (state.port !== 'open') return open(state)
  return [type === 'looked-at' || state.failures > 0 ? ask(state) : state]
}

export function renew(state: State): Step {
  if (state.port !== 'open' || state.known?.status !== 'signed-in') return [state]
  // An open stream brings the next token by itself.
  return state.stream === 'open' ? [state, { type: 'renew-later' }] : [ask(state)]
}

/** What was asked before says nothing of the hub when the page is there again. */
export function left(state: State): Step {
  return [{ ...state, questions: state.questions.map((one) => ({ ...one, void: true })) }]
}

export function restored(state: State): Step {
  // A greeting may have lain waiting too: a frame that was being opened is opened anew.
  const [next, ...effects]: Step = state.port === 'open' ? [ask(state)] : open(state)
  const restoring: State = { ...next, restoring: true, leaving: undefined }
  return state.known?.status === 'signed-in' ? doubt(restoring, 'loading', ...effects) : [restoring, ...effects]
}

/** The hub may do the same thing later. */
export function isPassing(code: ErrorCode): code is 'unreachable' | 'timeout' | 'internal' {
  return code === 'unreachable' || code === 'timeout' || code === 'internal'
}

function closed(state: State): State {
  return { ...state, port: 'closed', stream: 'idle', questions: unsent(state) }
}

function retry(state: State, cause: Cause): Step {
  const failures = state.failures + 1
  return doubt({ ...state, failures, restoring: false }, cause, { type: 'retry-after', failures })
}
