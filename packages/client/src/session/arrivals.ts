import type { SiteAnswer } from '@isthmus/protocol'
import { isNews, take } from './answers.ts'
import { depart } from './departures.ts'
import { frameFailed, isPassing } from './liveness.ts'
import { ask, enqueue } from './questions.ts'
import type { Handlers } from './state.ts'

/** A page that came with a ticket, or with a session that is brought along from another site. */
export const arrivals: Handlers = {
  arrived(draft, { ticket, wanted, came, referrer }) {
    draft.came = came
    draft.referrer = referrer
    draft.mayLink = !came
    // Where no ticket can be redeemed, a session cannot be brought along either.
    if (!draft.habits.redeems) return
    draft.ticket = ticket
    draft.wanted = wanted
  },
  /** Gives whether the greeting is settled with that, and not taken in. */
  greet(draft, answer) {
    const { ticket, wanted } = draft
    draft.wanted = undefined
    // Redeemed even where the cookie carries the session: in Firefox it may do so for the page, and not for its workers.
    if (ticket) enqueue(draft, { type: 'redeem', ...ticket })
    else if (wanted === undefined || holds(answer, wanted)) return false
    else depart(draft, 'link-click')
    draft.carrier = answer.carrier
    return true
  },
  'redeem-over'(draft, { pending, answer, code }, on) {
    if (code && isPassing(code)) {
      // The ticket is still in hand: the next frame redeems it.
      frameFailed(draft, code === 'internal' ? 'hub-failing' : code)
      return
    }
    draft.ticket = undefined
    draft.effects.push({ type: 'ticket-spent', refused: code })
    // Refused, overtaken by other news, or by a page that was left: the next answer decides.
    if (!answer || draft.restoring || !isNews(draft, answer, pending.asOf)) ask(draft)
    else take(draft, answer, 'answer', on)
  },
}

/** Where the hub's own cookie gets through, there is only one session. */
function holds({ carrier, state }: SiteAnswer, sid: string): boolean {
  return carrier === 'cookie' || (state.status === 'signed-in' && state.sid === sid)
}
