import type { Snapshot } from '@isthmus/protocol'

/** What a server renders that knows nothing, and what a page shows before the session has begun. */
export const LOADING: Snapshot = { status: 'unknown', reason: 'loading', stale: false }

/**
 * What a component shows: the back end's verdict stands until the session itself has said something. A page that comes
 * back from the back-forward cache has said something before, so that the verdict of long ago does not return.
 */
export function shown(current: Snapshot, initial: Snapshot): Snapshot {
  const hasSaidNothing = current.status === 'unknown' && current.reason === 'loading' && current.last === undefined
  return hasSaidNothing ? initial : current
}
