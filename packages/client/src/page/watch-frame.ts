/** Tells when the frame of now is taken out of the page. The result has to be called where another frame may be there. */
export function watchFrame(
  frame: () => HTMLIFrameElement | undefined,
  onRemoved: () => void,
  signal: AbortSignal,
): () => void {
  let watched: Element | undefined
  const watcher = new MutationObserver(look)
  signal.addEventListener('abort', () => watcher.disconnect())

  function look(): void {
    if (frame()?.isConnected === false) onRemoved()
    const place = frame()?.parentElement
    if (!place || place === watched || signal.aborted) return
    watched = place
    // Its own parent, or the whole body, as page loaders swap it: neither changes often.
    watcher.observe(place, { childList: true })
    watcher.observe(document.documentElement, { childList: true, subtree: place !== document.body })
  }
  return look
}
