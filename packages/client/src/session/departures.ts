import type { ErrorCode } from '@isthmus/protocol'
import { ask } from './questions.ts'
import type { Draft, Errand, Event, Leaving } from './state.ts'

// A page that is about to leave for the hub. Whether it may, and where it goes: visits.ts.

/** The partition has no carrier: the page may leave for one by itself. */
export function considerLink(draft: Draft): void {
  const { link, redeems } = draft.habits
  if (link !== 'manual' && redeems) depart(draft, 'unlinked')
}

/** Begins an errand. One leaves at a time; a sign-in or a sign-out takes the place of any other. */
export function depart(draft: Draft, errand: Errand, call?: number, returnTo?: string): void {
  const { leaving } = draft
  if (leaving && errand !== 'sign-in' && errand !== 'sign-out') {
    settle(draft, call, false)
    return
  }
  settle(draft, leaving?.call, false)
  const departure = ++draft.departures
  draft.leaving = { departure, errand, returnTo, call, planned: undefined }
  draft.effects.push({ type: 'prepare', departure })
}

/** The hub may hang, or the user stop the tab: then the page goes on as it is. */
export function stayed(draft: Draft, { departure }: Extract<Event, { type: 'stayed' }>): void {
  if (draft.leaving?.departure === departure) stay(draft, draft.leaving)
}

export function stay(draft: Draft, { errand, call, returnTo }: Leaving): void {
  draft.leaving = undefined
  if (errand === 'ride' && returnTo) draft.effects.push({ type: 'follow', href: returnTo })
  if (errand === 'link-click' && call === undefined) ask(draft)
  settle(draft, call, false)
}

/** Ends a call of the page, if one waits. */
export function settle(draft: Draft, call: number | undefined, outcome: boolean | ErrorCode): void {
  if (call !== undefined) draft.effects.push({ type: 'settle', call, outcome })
}
