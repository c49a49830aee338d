import { type Origin, originOf, TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'

const HINT = new RegExp(`#${TICKET_FRAGMENT}=${TRANSFER_HINT}[\\w-]+(?:&|$)`)

/**
 * The address that takes the session along: the given one, with a hint in the fragment that lets the other site link at once.
 * Only exact registered origins get it; anything else comes back as it was. A hint that is there already is of an earlier
 * click, perhaps of another session: it goes.
 */
export function transferHref(given: string, sid: string | undefined, peers: readonly string[]): string {
  const origin: Origin | undefined = originOf(given)
  if (origin === undefined || !peers.includes(origin)) return given
  const url = given.replace(HINT, '#').replace(/#$/, '')
  if (sid === undefined) return HINT.test(given) ? url : given
  const target = new URL(url)
  const own = target.hash.slice(1)
  target.hash = `${TICKET_FRAGMENT}=${TRANSFER_HINT}${sid}${own && `&${own}`}`
  return target.href
}

/** Does so for every clicked link that carries `data-isthmus-transfer`, and puts its address back afterwards. */
export function transferLinks(transfer: (url: string) => string, signal: AbortSignal): void {
  const onClick = (event: MouseEvent): void => {
    // Open shadow roots included.
    const link = event
      .composedPath()
      .find((one) => one instanceof HTMLAnchorElement && one.matches('[data-isthmus-transfer][href]'))
    if (!(link instanceof HTMLAnchorElement)) return
    const own = link.getAttribute('href') as string
    const href = transfer(link.href)
    if (href === link.href) return
    link.href = href
    // The browser follows the link as soon as the listeners are done.
    setTimeout(() => link.getAttribute('href') === href && link.setAttribute('href', own))
  }
  // Before the page's own listeners, and for the middle button too.
  for (const name of ['click', 'auxclick'] as const) document.addEventListener(name, onClick, { signal, capture: true })
}
