/** What the user does with a page. A file that is dragged in from outside is told of by nothing else. */
const ACTS = ['pointerdown', 'keydown', 'wheel', 'touchmove', 'dragenter', 'drop']

export interface Activity {
  readonly type: 'active' | 'edited'
}

/**
 * Tells what the user does in the page and in its frames, whose events do not reach the page. A frame of this origin, as
 * editors make it (`srcdoc`), is listened to as the page is, once it has the focus. Of any other frame the page knows no
 * more than that the focus came to it. Listens until `signal` aborts.
 */
export function watchActivity(onActivity: (activity: Activity) => void, signal: AbortSignal): void {
  const passive = { signal, passive: true, capture: true }
  const watched = new WeakSet<Document>()
  const tell = (type: Activity['type']) => (): void => onActivity({ type })

  function watch(page: Document): void {
    const view = page.defaultView
    if (!view || watched.has(page)) return
    watched.add(page)
    for (const name of ACTS) view.addEventListener(name, tell('active'), passive)
    view.addEventListener('input', ({ isTrusted }) => isTrusted && onActivity({ type: 'edited' }), passive)
    // Only afterwards does the page know where the focus went.
    view.addEventListener('blur', () => setTimeout(followFocus), { signal })
  }

  function followFocus(): void {
    for (let frame = frameIn(document); frame && !signal.aborted; ) {
      onActivity({ type: 'active' })
      const page = frame.contentDocument
      if (!page) return
      watch(page)
      frame = frameIn(page)
    }
  }

  watch(document)
  followFocus()
}

/** The frame that has the focus. By name: a frame's elements are made by constructors of its own. */
function frameIn({ activeElement }: Document): HTMLIFrameElement | undefined {
  return activeElement?.localName === 'iframe' ? (activeElement as HTMLIFrameElement) : undefined
}
