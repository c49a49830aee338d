/**
 * The user's plain clicks on links of this site, as far as no script of the page handles them: `ride` is given the address,
 * and leads there instead of the browser. Listens until `signal` aborts.
 */
export function followOwnLinks(mayRide: () => boolean, ride: (href: string) => void, signal: AbortSignal): void {
  // On the window, after all listeners of the page: a router that takes the click has prevented its default by then.
  addEventListener(
    'click',
    (event) => {
      const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement)
      if (!(link instanceof HTMLAnchorElement) || !isPlain(event) || !isOwn(link) || !mayRide()) return
      event.preventDefault()
      ride(link.href)
    },
    { signal },
  )
}

function isPlain({ isTrusted, defaultPrevented, button, ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return isTrusted && !defaultPrevented && button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey
}

/** Leads to another page of this site, in this tab. */
function isOwn(link: HTMLAnchorElement): boolean {
  const target = link.target || document.querySelector<HTMLBaseElement>('base[target]')?.target
  return (
    link.origin === location.origin &&
    (!target || target === '_self') &&
    !link.hasAttribute('download') &&
    link.dataset.isthmusLink !== 'stay' &&
    withoutFragment(link.href) !== withoutFragment(location.href)
  )
}

function withoutFragment(url: string): string {
  return url.split('#', 1)[0] as string
}
