/** Gives every clicked link that carries `data-isthmus-transfer` the address that takes the session along, and its own back afterwards. */
export function followTransferLinks(transfer: (url: string) => string, signal: AbortSignal): void {
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
