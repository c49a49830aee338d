import { TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'
import { reportCorrupt } from '../diagnosis/report-corrupt.ts'
import type { Arrival } from '../session/state.ts'
import { othersWait, type TabMemory } from './tab-memory.ts'

/** Arrivals that no session has finished yet: a page may end its session object and make another one (StrictMode). */
const unfinished = new Map<string, Arrival>()

// Hash routers that run before us write "#/…" or "#!…", and some escape what they find.
const NAME = `^#[!/]*${TICKET_FRAGMENT}(?:=|%3D)`
const TICKET = new RegExp(`${NAME}([\\w-]{43})$`, 'i')
const HINT = new RegExp(`${NAME}${TRANSFER_HINT.replace(':', '(?::|%3A)')}([\\w-]+)(?:(?:&|%26)(.*))?$`, 'i')

/**
 * Takes a ticket, or the hint of a transfer, out of the URL before anything else looks at it. A ticket that this tab did
 * not ask for is thrown away: login CSRF. What the tab keeps stays until the ticket is redeemed: a site may load the page
 * anew, at an address of its own.
 */
export function arrive(memory: TabMemory): Arrival {
  const arrival = takeTicket(memory) ?? takeHint() ?? unfinished.get(memory.name) ?? { came: false }
  unfinished.set(memory.name, arrival)
  return arrival
}

/** The ticket was redeemed, or refused. */
export function finishArrival(memory: TabMemory): void {
  const { ticket, came = false, referrer } = unfinished.get(memory.name) ?? {}
  if (ticket) memory.forget(ticket.verifier)
  unfinished.set(memory.name, { came, referrer })
}

function takeTicket(memory: TabMemory): Arrival | undefined {
  const [, ticket] = TICKET.exec(location.hash) ?? []
  if (ticket === undefined) return undefined
  const { verifier, href, referrer } = memory.kept()
  if (verifier === undefined && othersWait(memory)) return undefined
  const [, ...fragment] = String(href).split('#')
  restore(fragment.length > 0 ? fragment.join('#') : undefined)
  if (verifier === undefined) reportCorrupt(`URL fragment ${TICKET_FRAGMENT}`)
  return { came: true, ticket: verifier === undefined ? undefined : { ticket, verifier }, referrer }
}

function takeHint(): Arrival | undefined {
  const [, wanted, fragment] = HINT.exec(location.hash) ?? []
  if (wanted === undefined) return undefined
  restore(fragment)
  return { came: false, wanted }
}

/**
 * Puts the page's own fragment back into the URL, or none. A real navigation: hash routers hear of it, :target matches,
 * the page scrolls there. By the whole address: `#…` alone would be resolved against a `<base>`, and leave the page.
 */
function restore(fragment: string | undefined): void {
  const { state } = history
  const [address] = location.href.split('#', 1)
  location.replace(`${address}#${fragment ?? ''}`)
  if (fragment === undefined) history.replaceState(state, '', address)
}
