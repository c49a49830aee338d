import { type SiteAnswer, TOUCH_INTERVAL_MS } from '@isthmus/protocol'
import { doubt, receive } from './answers.ts'
import { lose, open, retry, wake } from './liveness.ts'
import { ask, change, enqueue } from './questions.ts'
import type { Handlers, State } from './state.ts'

/** Who takes the frame away so soon after it was put there does not mean the page around it. */
const SOON_MS = 10_000

/** The page and its user, after the first answer: looks, activity, the back-forward cache, the end of the session. */
export const presence: Handlers = {
  news(draft, { answer }, on) {
    if (isForThisSite(draft, answer)) receive(draft, answer, 'tab', on)
  },
  'looked-at'(draft, { type }) {
    // Where somebody signed in elsewhere meanwhile, an eager page learns of it as in its first moments.
    if (draft.habits.link === 'eager') draft.begunAt = draft.now
    wake(draft, type)
  },
  'end-due': ask,
  edited(draft) {
    draft.used = true
  },
  /** Activity is reported once a minute, or wakes a page that has lost the hub. */
  active(draft) {
    draft.used = true
    // The clock may be set back.
    if (Math.abs(draft.now - draft.activeAt) < TOUCH_INTERVAL_MS) return
    draft.activeAt = draft.now
    if (draft.snapshot.status === 'signed-in') enqueue(draft, { type: 'touch' })
    else wake(draft, 'looked-at')
  },
  'frame-removed'(draft, { swapped }) {
    // The client has taken it away itself.
    if (draft.port === 'closed') return
    lose(draft)
    // A page that swaps its content takes the frame along, at whatever pace its user clicks: it comes back without a word.
    if (swapped || Math.abs(draft.now - draft.openedAt) > SOON_MS) {
      draft.removals = 0
      return open(draft)
    }
    // A greeting ends the failures, but not those of a browser that lets the frame greet and then takes it away.
    draft.failures = Math.max(draft.failures, draft.removals++)
    retry(draft, 'frame-removed')
  },
  /** What was asked before says nothing of the hub when the page is there again. */
  left(draft) {
    change(draft, (one) => ({ ...one, void: true }))
  },
  restored(draft) {
    draft.restoring = true
    draft.leaving = undefined
    if (draft.known?.status === 'signed-in') doubt(draft)
    // A greeting may have lain waiting too: a frame that was being opened is opened anew.
    if (draft.port === 'open') ask(draft)
    else open(draft)
    draft.effects.push({ type: 'repeat-later' })
  },
  /** Firefox loses now and then what a restored page says to a frame that is still on its way back. */
  'repeat-due'(draft) {
    if (draft.restoring) change(draft, (one) => (one.question.type === 'ask' ? { ...one, sent: false } : one))
  },
  'renewal-due'(draft) {
    if (draft.port !== 'open' || draft.known?.status !== 'signed-in') return
    // An open stream brings the next token by itself.
    if (draft.stream === 'open') draft.effects.push({ type: 'renew-later' })
    else ask(draft)
  },
}

/** Another site on this origin has tabs, too. */
export function isForThisSite({ site, habits }: State, answer: SiteAnswer): boolean {
  return answer.site === (site ?? habits.site ?? answer.site)
}
