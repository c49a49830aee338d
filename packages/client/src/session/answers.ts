import type { SiteAnswer, SiteState, Snapshot } from '@isthmus/protocol'
import { type Cause, REASON_OF } from '../diagnosis/cause.ts'
import { ask, enqueue } from './questions.ts'
import type { Effect, Known, State, Step, Via } from './state.ts'
import { considerLink, fetchWanted } from './travel.ts'

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
export function receive(before: State, answer: SiteAnswer, via: Via, asOf: number | undefined, now: number): Step {
  if (before.restoring && (via === 'push' || via === 'tab')) return [before]
  const state = before.restoring ? { ...before, restoring: false } : before
  if (state.ticket) {
    // Redeemed even where the cookie carries the session: in Firefox it may do so for the page, and not for its workers.
    return via === 'frame'
      ? [enqueue({ ...state, carrier: answer.carrier }, { type: 'redeem', ...state.ticket })]
      : [state]
  }
  if (via === 'frame' && state.wanted !== undefined && !holds(answer, state.wanted)) return fetchWanted(state, answer)
  const arrived = via === 'frame' && state.wanted !== undefined ? { ...state, wanted: undefined } : state
  return isNews(arrived, answer, asOf) ? take(arrived, answer, via, now) : [arrived]
}

/** What the redeemed ticket gives. Overtaken by other news, or by a page that was left: the next answer decides. */
export function receiveRedeemed(state: State, answer: SiteAnswer, asOf: number, now: number): Step {
  const spent: Effect = { type: 'ticket-spent', refused: undefined }
  const settled: State = { ...state, ticket: undefined }
  if (state.restoring || !isNews(settled, answer, asOf)) return [ask(settled), spent]
  const [next, ...effects] = take(settled, answer, 'answer', now)
  return [next, spent, ...effects]
}

/** Another site on this origin has tabs, too. */
export function isForThisSite({ site, habits }: State, answer: SiteAnswer): boolean {
  return answer.site === (site ?? habits.site ?? answer.site)
}

/** From now on the session is unknown; what was known stays visible as `last`. */
export function doubt(state: State, doubted: Cause | 'loading', ...effects: Effect[]): Step {
  const cause = doubted === 'loading' ? undefined : doubted
  const snapshot: Snapshot = {
    status: 'unknown',
    reason: cause ? REASON_OF[cause] : 'loading',
    ...(state.known && { last: { ...state.known, stale: true } }),
    stale: state.known !== undefined,
  }
  if (isSame(state.snapshot, snapshot)) return [{ ...state, cause }, ...effects]
  return [{ ...state, cause, snapshot }, { type: 'announce', via: undefined }, ...effects]
}

function isNews({ taken, known }: State, { state: { revision } }: SiteAnswer, asOf: number | undefined): boolean {
  return asOf === taken || known === undefined || revision >= known.revision
}

/** Where the hub's own cookie gets through, there is only one session. */
function holds({ carrier, state }: SiteAnswer, sid: string): boolean {
  return carrier === 'cookie' || (state.status === 'signed-in' && state.sid === sid)
}

function take(state: State, answer: SiteAnswer, via: Via, now: number): Step {
  const carrier = via === 'tab' ? state.carrier : answer.carrier
  // Neighbours on other hosts share the stream, and tabs tell each other no more than states.
  const cookieDomain = via === 'frame' || via === 'answer' ? answer.cookieDomain : state.cookieDomain
  const taken = state.taken + 1
  const base: State = { ...state, site: answer.site, carrier, cookieDomain, taken, failures: 0, cause: undefined }
  if (answer.state.status === 'unlinked') {
    const [next, ...effects] = doubt(base, 'partitioned')
    const [last, ...more] = considerLink(next)
    return [last, ...mirror(next, undefined), ...effects, ...more]
  }
  const known: Known = { ...withToken(answer.state, via, state.known), stale: false }
  const changed = !isSame(state.snapshot, known)
  const told = changed && !isSame(withoutToken(state.snapshot), withoutToken(known))
  let next: State = changed
    ? announced({ ...base, known, snapshot: known }, told ? via : undefined, now)
    : { ...base, known }
  const effects: Effect[] = [...mirror(next, known)]
  if (changed) effects.push({ type: 'announce', via: told ? via : undefined })
  if (told && via !== 'tab') effects.push({ type: 'relay', answer: relayed(answer) })
  if (carrier !== null && carrier !== 'none') {
    next = { ...next, mayLink: true }
    effects.push({ type: 'mark', mark: state.came ? 'worked' : undefined })
  }
  // Another tab was told: this one's frame follows with its own carrier. A later idle end its stream brings by itself.
  const moved =
    via === 'tab' &&
    !isSame({ ...state.snapshot, idleExpiresAt: 0 } as Snapshot, { ...known, idleExpiresAt: 0 } as Known)
  return [moved && state.port === 'open' ? ask(next) : next, ...effects]
}

/** Notes what `diagnose()` tells of the change, and how long the user may stay away. */
function announced(state: State, via: Via | undefined, now: number): State {
  const { snapshot, newest, idleEnd, aheadMs } = state
  if (snapshot.status === 'unknown') return state
  const { revision } = snapshot
  const live = (via === 'push' || via === 'tab') && revision > newest
  const noted = via
    ? { lastChange: { at: now, via, delayMs: live ? Math.max(0, now - revision) : null }, newest: revision }
    : {}
  const moved = snapshot.status === 'signed-in' && snapshot.idleExpiresAt !== idleEnd
  // Seen for the first time, the idle end may have been set a while ago.
  const activity = moved ? { activeAt: idleEnd ? now : revision - aheadMs, idleEnd: snapshot.idleExpiresAt } : {}
  return { ...state, ...noted, ...activity }
}

/** A token is for the page that asked for it: other tabs have their own. */
function relayed({ site, carrier, state }: SiteAnswer): SiteAnswer {
  return { site, carrier, state: withoutToken(state) }
}

function withoutToken<T extends object>(state: T): T {
  const { token: _, ...rest } = state as T & { token?: string }
  return rest as T
}

/** Keeps the token where the answer brings no newer one: a tab tells none, and another hub server signs the same claims anew. */
function withToken(told: Exclude<SiteState, { status: 'unlinked' }>, via: Via, known: Known | undefined): typeof told {
  if (!isGranted(told) || !isGranted(known) || known.sid !== told.sid || known.token === undefined) return told
  const same = told.token === undefined ? via === 'tab' : claimsOf(told.token) === claimsOf(known.token)
  return same ? { ...told, token: known.token } : told
}

function isGranted<S extends { status: string }>(state: S | undefined): state is Extract<S, { access: 'granted' }> {
  return state?.status === 'signed-in' && (state as { access?: string }).access === 'granted'
}

/** All but the signature. */
function claimsOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

/** What becomes of the mirror. A page that was granted nothing leaves nothing behind. */
function mirror({ habits, cookieDomain }: State, known: Known | undefined): Effect[] {
  const effects: Effect[] = []
  const token = isGranted(known) ? known.token : undefined
  // A state without a token, told by another tab: the answer with one is on its way.
  if (habits.mirrors && (token || !isGranted(known))) effects.push({ type: 'mirror', token, cookieDomain })
  if ((habits.mirrors || habits.polls) && known?.status === 'signed-in') effects.push({ type: 'renew-later' })
  return effects
}

/** Snapshots are plain data made in one place, with one order of keys. A new revision alone is no change. */
function isSame(one: Snapshot, other: Snapshot): boolean {
  return JSON.stringify({ ...one, revision: 0 }) === JSON.stringify({ ...other, revision: 0 })
}
