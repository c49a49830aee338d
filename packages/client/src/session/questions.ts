import type { Effect, Pending, Question, State, Step } from './state.ts'

// Questions are numbered, and sent when the way is open. Until a ticket is redeemed all others wait: the frame would
// answer for the session before. One `ask` is under way at a time.

/** A question more. It is sent by {@link flush}. */
export function enqueue(state: State, question: Question, ...calls: number[]): State {
  const id = state.asked + 1
  const pending: Pending = { id, question, sent: false, asOf: 0, void: false, calls }
  return { ...state, asked: id, questions: [...state.questions, pending] }
}

/** Wants to know what is true: an `ask` that is under way, or about to be, will do. */
export function ask(state: State): State {
  const asking = state.questions.some(({ question, void: old }) => question.type === 'ask' && !old)
  return asking ? state : enqueue(state, { type: 'ask' })
}

/** The page wants to know what is true from now on: an `ask` that is under way may be answered with what was true before. */
export function askFor(state: State, call: number): State {
  const waiting = state.questions.find(({ question, sent }) => question.type === 'ask' && !sent)
  if (!waiting) return enqueue(state, { type: 'ask' }, call)
  const joined = { ...waiting, calls: [...waiting.calls, call] }
  return { ...state, questions: state.questions.map((one) => (one === waiting ? joined : one)) }
}

/** Takes a question out; `undefined` if it is not open any more. */
export function close(state: State, id: number): [State, Pending | undefined] {
  const pending = state.questions.find((one) => one.id === id)
  return [pending ? { ...state, questions: state.questions.filter((one) => one !== pending) } : state, pending]
}

/** The way is lost: what was asked is asked again over the next one. A ticket is redeemed when that one greets. */
export function unsent({ questions }: State): readonly Pending[] {
  return questions
    .filter(({ question }) => question.type !== 'redeem')
    .map((one) => ({ ...one, sent: false, void: false }))
}

/** Sends what may be sent now. */
export function flush(state: State): Step {
  if (state.port !== 'open' || state.questions.every(({ sent }) => sent)) return [state]
  const sends: Effect[] = []
  let asking = state.questions.some(({ question, sent, void: old }) => question.type === 'ask' && sent && !old)
  const questions = state.questions.map((pending) => {
    const { id, question, sent } = pending
    const waits = (state.ticket && question.type !== 'redeem') || (question.type === 'ask' && asking)
    if (sent || waits) return pending
    asking ||= question.type === 'ask'
    sends.push({ type: 'send', id, question })
    return { ...pending, sent: true, asOf: state.taken }
  })
  return sends.length > 0 ? [{ ...state, questions }, ...sends] : [state]
}
