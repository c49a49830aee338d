import { originOf, TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'

const HINT = new RegExp(`^#${TICKET_FRAGMENT}=${TRANSFER_HINT}[\\w-]+(?:&|$)|^#`)

/**
 * The address that takes the session along: the given one, with a hint in the fragment that lets the other site link at once.
 * Only exact registered origins get it; anything else comes back as it was. A hint that is there already is of an earlier
 * click, perhaps of another session: it goes.
 */
export function transferHref(given: string, sid: string | undefined, peers: string): string {
  const origin = originOf(given)
  if (!origin || !peers.split(' ').includes(origin)) return given
  const target = new URL(given)
  const own = target.hash.replace(HINT, '')
  if (sid === undefined && own === target.hash.slice(1)) return given
  target.hash = sid === undefined ? own : `${TICKET_FRAGMENT}=${TRANSFER_HINT}${sid}${own && `&${own}`}`
  return target.href
}
