/**
 * Tells when the frame of now is taken out of the page, and whether the page swapped its content with it. The result has
 * to be called where another frame may be there.
 */
export function watchFrame(
  frame: () => HTMLIFrameElement | undefined,
  onRemoved: (swapped: boolean) => void,
  signal: AbortSignal,
): () => void {
  let place: Element | undefined
  let body = document.body
  const watcher = new MutationObserver(look)
  signal.addEventListener('abort', () => watcher.disconnect())

  function look(): void {
    if (frame()?.isConnected === false) onRemoved(place?.isConnected === false || body !== document.body)
    body = document.body
    const now = frame()?.parentElement
    if (!now || now === place || signal.aborted) return
    place = now
    // Its own parent, or the whole document, as page loaders swap it: neither changes often.
    watcher.observe(place, { childList: true })
    watcher.observe(document, { childList: true, subtree: place !== document.documentElement })
  }
  return look
}
