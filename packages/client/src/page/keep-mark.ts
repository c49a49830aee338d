import type { Session } from '../session.ts'

/** `html[data-isthmus]`, which page loaders drop when they take over the next page's `<html>`: it is set again before anything is painted. */
export function keepMark(session: Session): void {
  const watcher = new MutationObserver(mark)

  function mark(): void {
    const { status } = session.current
    const { dataset } = document.documentElement
    if (dataset.isthmus !== status) dataset.isthmus = status
    // The element itself may be another one by now.
    watcher.observe(document.documentElement, { attributeFilter: ['data-isthmus'] })
  }
  watcher.observe(document, { childList: true })
  session.subscribe(mark)
}
