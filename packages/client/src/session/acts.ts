import type { ErrorCode } from '@isthmus/protocol'
import { depart, settle } from './departures.ts'
import { isPassing, open } from './liveness.ts'
import { change, enqueue, isAsk } from './questions.ts'
import type { Draft, Event, Handlers, State } from './state.ts'

/** The calls of the page. Each ends in one `settle`. */
export const acts: Handlers = {
  refresh(draft, { call }) {
    if (draft.port === 'closed') open(draft)
    askFor(draft, call)
  },
  extend: (draft, { call }) => enqueue(draft, { type: 'touch' }, call),
  'sign-out': (draft, { call }) => enqueue(draft, { type: 'sign-out' }, call),
  'sign-in': (draft, { call, returnTo }) => depart(draft, 'sign-in', call, returnTo),
  link(draft, { call }) {
    const { leaving } = draft
    // A page that is still finding out whether it may leave by itself need not find out: now it is told to.
    if (leaving?.errand === 'unlinked' && !leaving.planned) draft.leaving = undefined
    depart(draft, 'link-call', call)
  },
  'question-over': questionOver,
}

/** The page wants to know what is true from now on: an `ask` that is under way may be answered with what was true before. */
function askFor(draft: Draft, call: number): void {
  const waiting = draft.questions.find((one) => isAsk(one) && !one.sent)
  if (!waiting) enqueue(draft, { type: 'ask' }, call)
  else change(draft, (one) => (one === waiting ? { ...one, calls: [...one.calls, call] } : one))
}

function questionOver(draft: Draft, event: Extract<Event, { type: 'question-over' }>, on: Handlers): void {
  const { code, pending } = event
  const { question, calls } = pending
  const isSignOut = question.type === 'sign-out'
  const isOut = draft.snapshot.status === 'signed-out'
  const isDone = code === undefined || (isSignOut && code === 'no-session' && isOut)
  if (question.type === 'visit' && !isDone) {
    on['visit-refused']?.(draft, { type: 'visit-refused', to: question.to, challenge: question.challenge }, on)
  } else if (isSignOut && (isDone ? !isOut : isFutile(draft, code))) {
    signOutAtHub(draft, calls)
  } else {
    for (const call of calls) settle(draft, call, isDone || code)
  }
}

/** Asking again would not help. */
function isFutile({ snapshot, cause }: State, code: ErrorCode): boolean {
  const isBlocked = snapshot.status === 'unknown' && snapshot.reason === 'blocked'
  // Nor would it where frames may be blocked and nothing else can be asked: only the hub's own page can tell.
  return !isPassing(code) || isBlocked || cause === 'policy-hides-cause'
}

/** The frame cannot act for the session, but the hub itself can. */
function signOutAtHub(draft: Draft, [call, ...others]: readonly number[]): void {
  if (call !== undefined) depart(draft, 'sign-out', call)
  for (const other of others) settle(draft, other, true)
}
