import type { Snapshot } from '@isthmus/protocol'

/** Calls `listener` at once and with every call of what it adds to `listeners`; gives what takes that out again. */
export function listen(
  listeners: Set<() => void>,
  listener: (snapshot: Snapshot) => void,
  current: () => Snapshot,
): () => void {
  // Each subscription is one of its own, be it of the same listener.
  const notify = (): void => {
    try {
      listener(current())
    } catch (error) {
      // One listener that throws must not keep the news from the others.
      reportError(error)
    }
  }
  listeners.add(notify)
  notify()
  return () => listeners.delete(notify)
}
