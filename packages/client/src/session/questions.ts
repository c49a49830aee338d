import type { Draft, Pending, Question } from './state.ts'

// Questions are numbered, and sent when the way is open. Until a ticket is redeemed all others wait: the frame would
// answer for the session before. One `ask` is under way at a time.

/** A question more. It is sent by {@link flush}. */
export function enqueue(draft: Draft, question: Question, ...calls: number[]): void {
  const pending: Pending = { id: ++draft.asked, question, sent: false, asOf: 0, void: false, calls }
  draft.questions = [...draft.questions, pending]
}

/** Wants to know what is true: an `ask` that is under way, or about to be, will do. */
export function ask(draft: Draft): void {
  if (!draft.questions.some(isAsk)) enqueue(draft, { type: 'ask' })
}

/** Takes a question out; `undefined` if it is not open any more. */
export function close(draft: Draft, id: number): Pending | undefined {
  const pending = draft.questions.find((one) => one.id === id)
  draft.questions = draft.questions.filter((one) => one !== pending)
  return pending
}

/** The way is lost: what was asked is asked again over the next one. A ticket is redeemed when that one greets. */
export function unsend(draft: Draft): void {
  draft.questions = draft.questions.filter(({ question }) => question.type !== 'redeem')
  change(draft, (one) => ({ ...one, sent: false, void: false }))
}

/** Sends what may be sent now. */
export function flush(draft: Draft): void {
  if (draft.port !== 'open') return
  let asking = draft.questions.some((one) => isAsk(one) && one.sent)
  change(draft, (one) => {
    const { id, question, sent } = one
    if (sent || (draft.ticket && question.type !== 'redeem') || (asking && isAsk(one))) return one
    asking ||= isAsk(one)
    draft.effects.push({ type: 'send', id, question })
    return { ...one, sent: true, asOf: draft.taken }
  })
}

/** Makes another one of each question. */
export function change(draft: Draft, to: (one: Pending) => Pending): void {
  draft.questions = draft.questions.map(to)
}

export function isAsk(one: Pending): boolean {
  return one.question.type === 'ask' && !one.void
}
