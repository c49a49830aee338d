import { RETURN_TO_LIMIT } from '@isthmus/protocol'
import { depart, settle, stay, stayed } from './departures.ts'
import { close, enqueue } from './questions.ts'
import type { Departure, Draft, Errand, Event, Handlers, Leaving, Preparation, State } from './state.ts'

/** A page that is older is not led away any more: its user is reading, or does something that nothing here shows. */
const FIRST_MOMENTS_MS = 10_000

/**
 * Visits of the hub. In browsers that keep third-party data apart, a site's partition gets a carrier by a top-level visit
 * of the hub, from where the page comes back with a ticket.
 *
 * Requirements:
 * 1. A page never goes round in circles, whatever hub, site and browser forget.
 * 2. A page that leaves by itself loses nothing: no text, no player, no address that can be asked for once only.
 * 3. Users who are signed in nowhere pay as little as can be.
 * 4. A click that asks for the hub always gets there. Any other click gets where it leads.
 *
 * Steps:
 * 1. An errand comes up: one leaves at a time. A sign-in takes the place of any other, `link()` and a click within the
 *    site that of an `unlinked` one that is not planned yet.
 * 2. `prepare`: what the page is like, and what the tab remembers, is looked up.
 * 3. `prepared`: the table below says whether the errand may leave.
 * 4. The frame registers the visit at the hub: what the hub, or a proxy before it, would refuse is noticed while the
 *    page still stands.
 * 5. `visit-registered`: if nothing speaks against it by now, `leave`. `visit-refused`: a page that would leave by itself
 *    stays, and a click within the site goes where it leads; a click that asks for the hub, or a call of the page, leaves
 *    by the long address, which tells the hub all.
 * 6. `stayed`: the page is still there after a while; it goes on as it was. `tab-refused`: so does a page in a frame whose
 *    browser opens no tab for it.
 */
export const visits: Handlers = {
  ride(draft, { href }) {
    draft.leaving = undefined
    depart(draft, 'ride', undefined, href)
  },
  prepared,
  'visit-registered'(draft, { id, visit }) {
    const { leaving } = draft
    const asked = close(draft, id)?.question
    // Another errand may have taken its place meanwhile.
    if (asked?.type !== 'visit' || leaving?.planned?.to !== asked.to || leaving.planned.challenge !== asked.challenge)
      return
    // What the user did meanwhile counts.
    if (leaving.errand === 'unlinked' && !isIdle(draft)) stay(draft, leaving)
    else leave(draft, leaving, { ...leaving.planned, visit })
  },
  'visit-refused'(draft, { to, challenge }) {
    const { leaving } = draft
    if (leaving?.planned?.to !== to || leaving.planned.challenge !== challenge) return
    if (leaving.errand === 'unlinked' || leaving.errand === 'ride') stay(draft, leaving)
    else leave(draft, leaving, leaving.planned)
  },
  'tab-refused'(draft, { departure }) {
    draft.tabRefused = true
    draft.effects.push({ type: 'complain', cause: 'embedded' })
    stayed(draft, { type: 'stayed', departure })
  },
}

/**
 * `idlePage`: nothing is lost by it. `freeTab`: the tab was not led away before. `place`: the tab can keep the verifier,
 * without which no ticket could be redeemed, and the hub takes the user back to this address. `ownTab`: the page is in no
 * frame of another one, which leads nobody away, and settles for what its frame says.
 */
type Need = 'idlePage' | 'freeTab' | 'place' | 'ownTab'

const NEEDS: { readonly [E in Errand]: readonly Need[] } = {
  // The partition has no carrier, and nobody clicked.
  unlinked: ['idlePage', 'freeTab', 'place', 'ownTab'],
  // The user goes to another page of the site, and passes the hub.
  ride: ['place', 'ownTab'],
  // `link()`.
  'link-call': ['freeTab', 'place', 'ownTab'],
  // The hub's button, or a link that takes the session along.
  'link-click': ['place', 'ownTab'],
  // From a frame they open a tab.
  'sign-in': [],
  'sign-out': [],
}

/** Whether a click within the site may go by way of the hub. */
export function mayRide({ habits, cause, port, leaving }: State): boolean {
  const { link, redeems, embedded } = habits
  const isFree = !leaving || (leaving.errand === 'unlinked' && !leaving.planned)
  return link === 'auto' && redeems && !embedded && cause === 'partitioned' && port === 'open' && isFree
}

/** Says where the page would go, and whether it may. */
function prepared(draft: Draft, page: Extract<Event, { type: 'prepared' }>, on: Handlers): void {
  const { leaving } = draft
  if (leaving?.departure !== page.departure || leaving.planned) return
  if (!mayLeave(draft, leaving.errand, page)) {
    stay(draft, leaving)
    return
  }
  const { departure, errand } = leaving
  const returnTo = leaving.returnTo ?? page.href
  const to = errand === 'sign-in' ? 'login' : errand === 'sign-out' ? 'logout' : 'link'
  // From a frame another tab is opened, which knows nothing of a verifier that is kept here.
  const brings = page.keeps && to !== 'logout' && !draft.habits.embedded
  const challenge = brings ? page.challenge : undefined
  draft.leaving = { ...leaving, planned: { departure, errand, to, returnTo, challenge, visit: undefined } }
  const address = withoutFragment(returnTo)
  // While a ticket is redeemed, or no frame is there, nothing can be registered; what is too long is not even asked for.
  const canRegister = draft.port === 'open' && !draft.ticket && address.length <= RETURN_TO_LIMIT
  if (challenge === undefined || to === 'logout' || !canRegister)
    on['visit-refused']?.(draft, { type: 'visit-refused', to, challenge }, on)
  else enqueue(draft, { type: 'visit', to, returnTo: address, challenge })
}

function leave(draft: Draft, leaving: Leaving, planned: Departure): void {
  draft.mayLink &&= planned.to !== 'link'
  draft.leaving = { ...leaving, call: undefined, planned }
  draft.tabRefused = false
  draft.effects.push({ type: 'leave', ...planned })
  settle(draft, leaving.call, true)
}

function mayLeave(state: State, errand: Errand, page: Preparation): boolean {
  const { mark, keeps, href } = page
  // Whether this partition proves a session, be it that this browser has another one by now.
  const isCarried = state.carrier !== null && state.carrier !== 'none'
  const has: Readonly<Record<Need, boolean>> = {
    idlePage: isSpared(state, page),
    freeTab: state.mayLink && (mark === undefined || (mark === 'worked' && isCarried)),
    place: keeps && withoutFragment(href).length <= RETURN_TO_LIMIT,
    ownTab: !state.habits.embedded,
  }
  return NEEDS[errand].every((need) => has[need])
}

/** The page loses nothing if it is led away, and there is something to gain. */
function isSpared(state: State, { visible, isUsed, stays, hasReason, wasLed }: Preparation): boolean {
  const isWorthIt = state.habits.link === 'eager' || (hasReason && !wasLed)
  const isYoung = Math.abs(state.now - state.begunAt) <= FIRST_MOMENTS_MS
  return visible && isIdle(state) && !isUsed && !stays && isWorthIt && isYoung
}

/** The page still needs a carrier, and its user has not begun. */
function isIdle({ used, cause }: State): boolean {
  return !used && cause === 'partitioned'
}

function withoutFragment(url: string): string {
  return url.replace(/#.*/s, '')
}
