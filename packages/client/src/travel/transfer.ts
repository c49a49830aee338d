import { type Origin, originOf, TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'

/**
 * The address that takes the session along: the given one, with a hint in the fragment that lets the other site link at once.
 * Only exact registered origins get it; anything else comes back as it was.
 */
export function transferHref(url: string, sid: string | undefined, peers: readonly string[]): string {
  const origin: Origin | undefined = originOf(url)
  if (sid === undefined || origin === undefined || !peers.includes(origin)) return url
  const target = new URL(url)
  const own = target.hash.slice(1)
  target.hash = `${TICKET_FRAGMENT}=${TRANSFER_HINT}${sid}${own && `&${own}`}`
  return target.href
}

/** Does so for every clicked link that carries `data-isthmus-transfer`. */
export function transferLinks(transfer: (url: string) => string, signal: AbortSignal): void {
  const onClick = ({ target }: MouseEvent): void => {
    const link = target instanceof Element ? target.closest<HTMLAnchorElement>('a[data-isthmus-transfer][href]') : null
    if (link) link.href = transfer(link.href)
  }
  // Before the page's own listeners, and for the middle button too.
  for (const name of ['click', 'auxclick'] as const) document.addEventListener(name, onClick, { signal, capture: true })
}
