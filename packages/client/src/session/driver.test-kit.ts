import type { ErrorCode, SiteAnswer } from '@isthmus/protocol'
import type { Cause } from '../diagnosis/cause.ts'
import {
  type Beginning,
  type Effect,
  type Event,
  initialState,
  type Pending,
  type Question,
  type State,
  type Via,
} from './state.ts'
import { transition } from './transition.ts'

/** What the tests let happen: answers by what had been taken in when they were asked for, without numbers of questions. */
export type Happening =
  | Event
  | { readonly type: 'said'; readonly via: Via; readonly answer: SiteAnswer; readonly asOf?: number }
  | { readonly type: 'redeemed'; readonly answer: SiteAnswer | undefined; readonly asOf: number }
  | { readonly type: 'question-failed'; readonly cause: Cause }

/** What the tests look at: questions and errands by name, and nothing of what is only said once. */
export type Shown =
  | Exclude<Effect, { type: 'send' | 'prepare' | 'mark' }>
  | { readonly type: 'ask' | 'redeem' | 'touch' | 'sign-out' | 'linked' }
  | { readonly type: 'link'; readonly forced: boolean }

export const TICKET = { ticket: 't'.repeat(43), verifier: 'v'.repeat(43) }

/** A client whose first frame is being opened. */
export function begun(beginning: Beginning = {}): State {
  return transition(initialState(beginning), { type: 'begun' }, 0)[0]
}

/** One step. A page that is asked to leave stays, without a word. */
export function step(state: State, happening: Happening): [State, ...Shown[]] {
  const [before, event] = asEvent(state, happening)
  const [after, ...effects] = transition(before, event, 0)
  return [after.leaving ? { ...after, leaving: undefined } : after, ...effects.flatMap((one) => shown(one, after))]
}

function asEvent(state: State, happening: Happening): [State, Event] {
  switch (happening.type) {
    case 'said': {
      const { via, answer, asOf } = happening
      if (via === 'frame') {
        return [
          { ...state, openedAsOf: asOf ?? -1 },
          { type: 'greeted', answer, peers: [], aheadMs: 0 },
        ]
      }
      if (via !== 'answer') return [state, { type: 'told', via, answer }]
      const [asked, id] = withQuestion(state, { type: 'ask' }, asOf)
      return [asked, { type: 'answered', id, answer }]
    }
    case 'redeemed': {
      const { answer, asOf } = happening
      const [asked, id] = withQuestion(state, { type: 'redeem', ...TICKET }, asOf)
      return [asked, answer ? { type: 'answered', id, answer } : { type: 'refused', id, code: 'ticket-unknown' }]
    }
    case 'question-failed': {
      const [asked, id] = withQuestion(state, { type: 'ask' }, undefined)
      const code: ErrorCode = happening.cause === 'timeout' ? 'timeout' : 'unreachable'
      return [asked, { type: 'refused', id, code }]
    }
    default:
      return [state, happening]
  }
}

/** The question that is under way, or a new one, as if it had been sent when `asOf` had been taken in. */
function withQuestion(state: State, question: Question, asOf = -1): [State, number] {
  const open = state.questions.find((one) => one.question.type === question.type && one.sent && !one.void)
  const id = open?.id ?? state.asked + 1
  const pending: Pending = { id, question, sent: true, asOf, void: false, calls: open?.calls ?? [] }
  const questions = [...state.questions.filter((one) => one !== open), pending]
  return [{ ...state, questions, asked: Math.max(id, state.asked) }, id]
}

function shown(effect: Effect, { leaving }: State): Shown[] {
  switch (effect.type) {
    case 'ready':
    case 'complain':
    case 'settle':
    case 'ticket-spent':
      return []
    case 'send':
      return effect.question.type === 'ask' || effect.question.type === 'redeem' ? [{ type: effect.question.type }] : []
    case 'mark':
      return [{ type: 'linked' }]
    case 'prepare':
      return [{ type: 'link', forced: leaving?.errand === 'link-click' }]
    default:
      return [effect]
  }
}
