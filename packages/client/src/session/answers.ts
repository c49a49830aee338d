import type { SiteAnswer, Snapshot } from '@isthmus/protocol'
import { type Cause, reasonOf } from './cause.ts'
import { considerLink } from './departures.ts'
import { ask } from './questions.ts'
import type { Draft, Handlers, Known, State, Via } from './state.ts'

/**
 * The ordering of answers.
 *
 * Every answer is a whole state with a revision, the hybrid clock of the hub. Answers come in four ways that overtake
 * each other: in a greeting, to a question, pushed, and from another tab.
 *
 * Requirements:
 * 1. What is shown never goes back to an older state, in whichever order answers arrive.
 * 2. A hub whose clock was set back, or whose store was lost, is believed: its revisions are lower, and true.
 * 3. Nothing from before the page was left shows on a restored page.
 * 4. While a ticket is in hand, or a session is brought along, the partition's former session is not shown.
 * 5. Tabs that tell each other come to rest, though each answer of the hub has a revision of its own.
 *
 * Steps, for each answer:
 * 1. On a restored page, drop what was pushed or told by a tab, until the hub answered a question (3).
 * 2. With a ticket in hand, show nothing; a greeting leads to its redemption (4).
 * 3. Take an answer to a question that was sent after the last answer was taken in: `asOf === taken`. It is newer than
 *    that one (2). Take any other if its revision is not lower than what is known (1).
 * 4. With a session brought along, a greeting that does not hold it leads to a visit of the hub, and is not taken (4).
 * 5. Count it as taken. Announce it if more than the revision differs from what is shown, and relay it to the tabs unless
 *    it came from one (5).
 */
export function receive(draft: Draft, answer: SiteAnswer, via: Via, on: Handlers, asOf?: number): void {
  if (draft.restoring && isLive(via)) return
  draft.restoring = false
  // With a ticket, or a session brought along, a greeting means something else: arrivals.ts.
  if (via === 'frame' ? !on.greet?.(draft, answer) : !draft.ticket) {
    if (isNews(draft, answer, asOf)) take(draft, answer, via, on)
  }
}

/** From now on the session is unknown; what was known stays visible as `last`. */
export function doubt(draft: Draft, cause?: Cause): void {
  const { known } = draft
  const snapshot: Snapshot = {
    status: 'unknown',
    reason: cause ? reasonOf(cause) : 'loading',
    ...(known && { last: { ...known, stale: true } }),
    stale: known !== undefined,
  }
  draft.cause = cause
  if (isSame(draft.snapshot, snapshot)) return
  draft.snapshot = snapshot
  draft.effects.push({ type: 'announce' })
}

/** Compared as data: frame and stream may name the same things in another order. A new revision alone is no change. */
export function isSame(one: Snapshot, other: Snapshot, ignored = 'revision'): boolean {
  const [a, b] = [one, other].map((snapshot) => JSON.stringify({ ...snapshot, revision: 0, [ignored]: 0 }, inOrder))
  return a === b
}

/** By the name alone: a claim may be an object that cannot be written as text. */
function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}

function inOrder(_: string, value: unknown): unknown {
  return Object(value) === value ? Object.fromEntries(Object.entries(value as object).sort(byName)) : value
}

/** Whether an answer is to be taken in. */
export function isNews(
  { taken, known }: State,
  { state: { revision } }: SiteAnswer,
  asOf: number | undefined,
): boolean {
  return asOf === taken || known === undefined || revision >= known.revision
}

/** Told without a question. */
function isLive(via: Via): boolean {
  return via === 'push' || via === 'tab'
}

/** Takes an answer in. */
export function take(draft: Draft, answer: SiteAnswer, via: Via, on: Handlers): void {
  const { site, carrier, cookieDomain, state } = answer
  const { snapshot: shown, effects, now } = draft
  draft.site = site
  if (via !== 'tab') draft.carrier = carrier
  // Neighbours on other hosts share the stream, and tabs tell each other no more than states.
  if (!isLive(via)) draft.cookieDomain = cookieDomain
  draft.taken++
  draft.failures = 0
  draft.cause = undefined
  if (state.status === 'unlinked') {
    on.keep?.(draft, undefined)
    doubt(draft, 'partitioned')
    considerLink(draft)
    return
  }
  const told: Known = { ...state, stale: false }
  const known = on.withToken?.(told, via, draft.known) ?? told
  const { revision } = known
  draft.known = known
  on.keep?.(draft, known)
  if (!isSame(shown, known)) {
    draft.snapshot = known
    const isTold = !isSame(shown, known, 'token')
    effects.push({ type: 'announce' })
    if (isTold) {
      const isTimely = isLive(via) && revision > draft.newest
      draft.lastChange = { at: now, via, delayMs: isTimely ? Math.max(0, now - revision) : null }
      draft.newest = revision
      if (via !== 'tab') effects.push({ type: 'relay', answer })
    }
    if (known.status === 'signed-in' && known.idleExpiresAt !== draft.idleEnd) {
      // Seen for the first time, the idle end may have been set a while ago.
      draft.activeAt = draft.idleEnd ? now : revision - draft.aheadMs
      draft.idleEnd = known.idleExpiresAt
    }
  }
  if (draft.carrier && draft.carrier !== 'none') {
    draft.mayLink = true
    effects.push({ type: 'mark', mark: draft.came ? 'worked' : undefined })
  }
  // Another tab was told: this one's frame follows with its own carrier. A later idle end its stream brings by itself.
  if (via === 'tab' && draft.port === 'open' && !isSame(shown, known, 'idleExpiresAt')) ask(draft)
}
