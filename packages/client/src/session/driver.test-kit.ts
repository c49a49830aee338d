import type { ErrorCode, SiteAnswer } from '@isthmus/protocol'
import { acts } from './acts.ts'
import { arrivals } from './arrivals.ts'
import type { Cause } from './cause.ts'
import { presence } from './presence.ts'
import {
  type Arrival,
  type Beginning,
  type Effect,
  type Event,
  type Habits,
  type Handlers,
  initialState,
  type Pending,
  type Question,
  type State,
  type Via,
} from './state.ts'
import { tokens } from './tokens.ts'
import { core, transition } from './transition.ts'
import { visits } from './visits.ts'

/** A client with all its parts, as it is after its first moments. */
const ALL: Handlers = { ...core, ...presence, ...acts, ...arrivals, ...visits }

/** What a client begins with, and came with. */
export interface Start extends Omit<Beginning, 'habits'>, Partial<Arrival> {
  readonly habits?: Partial<Habits>
}

const HABITS: Habits = {
  site: undefined,
  mirrors: false,
  polls: false,
  redeems: true,
  link: 'auto',
  embedded: false,
}

/** One step of a client that has loaded all its parts, and the features of its habits. */
export function advance(state: State, event: Event, now: number): State {
  const { mirrors, polls } = state.habits
  return transition(mirrors || polls ? { ...ALL, ...tokens } : ALL, state, event, now)
}

/** A client whose first frame is about to be opened. */
export function arrived({
  ticket,
  wanted,
  referrer,
  came = ticket !== undefined,
  habits,
  ...beginning
}: Start = {}): State {
  const arrival: Event = { type: 'arrived', came, referrer, ticket, wanted: ticket ? undefined : wanted }
  return advance(initialState({ ...beginning, habits: { ...HABITS, ...habits } }), arrival, 0)
}

/** What the tests let happen: answers by what had been taken in when they were asked for, without numbers of questions. */
export type Happening =
  | Exclude<Event, { type: 'frame-removed' }>
  | { readonly type: 'frame-removed'; readonly soon: boolean; readonly swapped?: boolean }
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
export function begun(start: Start = {}): State {
  return advance(arrived(start), { type: 'begun' }, 0)
}

/** One step. A page that is asked to leave stays, without a word. */
export function step(state: State, happening: Happening): [State, ...Shown[]] {
  const [before, event] = asEvent(state, happening)
  const after = advance(before, event, 0)
  const effects = after.effects.flatMap((one) => shown(one, after))
  return [{ ...after, leaving: undefined, effects: state.effects }, ...effects]
}

function asEvent(state: State, happening: Happening): [State, Event] {
  switch (happening.type) {
    case 'said': {
      const { via, answer, asOf } = happening
      if (via === 'frame') {
        return [
          { ...state, openedAsOf: asOf ?? -1 },
          { type: 'welcome', answer, peers: '', aheadMs: 0 },
        ]
      }
      if (via !== 'answer') return [state, { type: via === 'tab' ? 'news' : 'push', answer }]
      const [asked, id] = withQuestion(state, { type: 'ask' }, asOf)
      return [asked, { type: 'answer', id, answer }]
    }
    case 'redeemed': {
      const { answer, asOf } = happening
      const [asked, id] = withQuestion(state, { type: 'redeem', ...TICKET }, asOf)
      return [asked, answer ? { type: 'answer', id, answer } : { type: 'refusal', id, code: 'ticket-unknown' }]
    }
    case 'question-failed': {
      const [asked, id] = withQuestion(state, { type: 'ask' }, undefined)
      const code: ErrorCode = happening.cause === 'timeout' ? 'timeout' : 'unreachable'
      return [asked, { type: 'refusal', id, code }]
    }
    case 'frame-removed':
      return [
        { ...state, openedAt: happening.soon ? 0 : Number.NEGATIVE_INFINITY },
        { type: happening.type, swapped: happening.swapped === true },
      ]
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
    case 'repeat-later':
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
