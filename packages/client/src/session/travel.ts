import { RETURN_TO_LIMIT, type SiteAnswer } from '@isthmus/protocol'
import { ask, enqueue } from './questions.ts'
import type { Departure, Errand, Event, Leaving, Preparation, State, Step } from './state.ts'

/**
 * Visits of the hub. In browsers that keep third-party data apart, a site's partition gets a carrier by a top-level visit
 * of the hub, from where the page comes back with a ticket.
 *
 * Requirements:
 * 1. A page never goes round in circles, whatever hub, site and browser forget.
 * 2. A page that leaves by itself loses nothing that its user did.
 * 3. A click that asks for the hub always gets there.
 *
 * Steps:
 * 1. An errand comes up: one leaves at a time, and a sign-in takes the place of any other.
 * 2. `prepare`: what the page is like, and what the tab remembers, is looked up.
 * 3. `prepared`: the table below says whether the errand may leave.
 * 4. The frame registers the visit at the hub: what the hub, or a proxy before it, would refuse is noticed while the
 *    page still stands.
 * 5. `registered`: if nothing speaks against it by now, `leave`. Refused: a page that would leave by itself stays; a click,
 *    or a call of the page, leaves by the long address, which tells the hub all.
 * 6. `stayed`: the page is still there after a while; it goes on as it was.
 */
const NEEDS: Readonly<
  Record<Errand, { readonly idlePage: boolean; readonly freeTab: boolean; readonly place: boolean }>
> = {
  // The partition has no carrier, and nobody clicked.
  unlinked: { idlePage: true, freeTab: true, place: true },
  // `link()`.
  'link-call': { idlePage: false, freeTab: true, place: true },
  // The hub's button, or a link that takes the session along.
  'link-click': { idlePage: false, freeTab: false, place: true },
  'sign-in': { idlePage: false, freeTab: false, place: false },
  'sign-out': { idlePage: false, freeTab: false, place: false },
}

/** The partition has no carrier: the page may leave for one by itself. */
export function considerLink(state: State): Step {
  const { link, redeems } = state.habits
  return link === 'manual' || !redeems ? [state] : depart(state, 'unlinked')
}

/** A partition that does not hold the session that is brought along gets it by a visit, and shows nobody until then. */
export function fetchWanted(state: State, { carrier }: SiteAnswer): Step {
  return depart({ ...state, wanted: undefined, carrier }, 'link-click')
}

/** Begins an errand. */
export function depart(state: State, errand: Errand, call?: number, returnTo?: string): Step {
  const { leaving, habits } = state
  const isSign = errand === 'sign-in' || errand === 'sign-out'
  if (leaving && !isSign) return call === undefined ? [state] : [state, { type: 'settle', call, outcome: false }]
  // A page inside another one leads nobody away, and settles for what its frame says.
  if (habits.embedded && !isSign) return stay(state, { errand, call })
  const departure = state.departures + 1
  const next: State = {
    ...state,
    departures: departure,
    leaving: { departure, errand, returnTo, call, planned: undefined },
  }
  const given: Step = [next, { type: 'prepare', departure }]
  return leaving?.call === undefined ? given : [...given, { type: 'settle', call: leaving.call, outcome: false }]
}

/** Says where the page would go, and whether it may. */
export function prepared(state: State, page: Preparation): Step {
  const { leaving } = state
  if (leaving?.departure !== page.departure || leaving.planned) return [state]
  if (!mayLeave(state, leaving.errand, page)) return stay({ ...state, leaving: undefined }, leaving)
  const { departure, errand } = leaving
  const returnTo = leaving.returnTo ?? page.href
  const to = errand === 'sign-in' ? 'login' : errand === 'sign-out' ? 'logout' : 'link'
  const challenge = page.keeps && to !== 'logout' ? page.challenge : undefined
  const planned: Departure = { departure, to, returnTo, challenge, visit: undefined }
  const next: State = { ...state, leaving: { ...leaving, planned } }
  const address = withoutFragment(returnTo)
  // While a ticket is redeemed, or no frame is there, nothing can be registered; what is too long is not even asked for.
  const canRegister = state.port === 'open' && !state.ticket && address.length <= RETURN_TO_LIMIT
  if (challenge === undefined || to === 'logout' || !canRegister) return unregistered(next, challenge)
  return [enqueue(next, { type: 'visit', to, returnTo: address, challenge })]
}

/** The hub accepted the visit. What the user did meanwhile counts. */
export function registered(state: State, challenge: string, visit: string): Step {
  const { leaving } = state
  if (leaving?.planned?.challenge !== challenge) return [state]
  if (leaving.errand === 'unlinked' && !isIdle(state)) return stay({ ...state, leaving: undefined }, leaving)
  return leave(state, leaving, { ...leaving.planned, visit })
}

/** It did not, or could not be asked: a page that leaves by itself stays. */
export function unregistered(state: State, challenge: string | undefined): Step {
  const { leaving } = state
  if (!leaving?.planned || leaving.planned.challenge !== challenge) return [state]
  if (leaving.errand === 'unlinked') return stay({ ...state, leaving: undefined }, leaving)
  return leave(state, leaving, leaving.planned)
}

function leave(state: State, leaving: Leaving, planned: Departure): Step {
  const mayLink = state.mayLink && planned.to !== 'link'
  const left: State = { ...state, mayLink, leaving: { ...leaving, call: undefined, planned } }
  const gone: Step = [left, { type: 'leave', ...planned }]
  return leaving.call === undefined ? gone : [...gone, { type: 'settle', call: leaving.call, outcome: true }]
}

/** The hub may hang, or the user stop the tab: then the page goes on as it is. */
export function stayed(state: State, { departure }: Extract<Event, { type: 'stayed' }>): Step {
  const { leaving } = state
  return leaving?.departure === departure ? stay({ ...state, leaving: undefined }, leaving) : [state]
}

function stay(state: State, { errand, call }: Pick<Leaving, 'errand' | 'call'>): Step {
  if (call !== undefined) return [state, { type: 'settle', call, outcome: false }]
  return [errand === 'link-click' ? ask(state) : state]
}

function mayLeave(state: State, errand: Errand, { mark, keeps, visible, href }: Preparation): boolean {
  const { idlePage, freeTab, place } = NEEDS[errand]
  // Whether this partition proves a session, be it that this browser has another one by now.
  const isCarried = state.carrier !== null && state.carrier !== 'none'
  const isFree = state.mayLink && (mark === undefined || (mark === 'worked' && isCarried))
  return (
    (!idlePage || (visible && isIdle(state))) &&
    (!freeTab || isFree) &&
    // Without a place for the verifier the ticket could not be redeemed; and the hub would keep a user whose address it cannot take back.
    (!place || (keeps && withoutFragment(href).length <= RETURN_TO_LIMIT))
  )
}

/** The page still needs a carrier, and its user would lose nothing. */
function isIdle({ edited, cause }: State): boolean {
  return !edited && cause === 'partitioned'
}

function withoutFragment(url: string): string {
  return url.replace(/#.*/s, '')
}
