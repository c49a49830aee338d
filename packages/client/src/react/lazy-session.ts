import type { Snapshot } from '@isthmus/protocol'
import { startSession } from '../bindings/start-session.ts'
import { firstSnapshot } from '../bindings/verdict.ts'
import type { Session, SessionOptions } from '../session.ts'

/** A session that begins when it is first used, and ends when nothing holds it. */
export interface LazySession extends Session {
  /** Keeps the session alive; call the result to let go. */
  hold(): () => void
}

/**
 * React renders without committing, and StrictMode and Fast Refresh run effects, undo them and run them again at once.
 * A session must not begin twice, since the first one would take the ticket along. So rendering begins none, and letting
 * go ends it only if nothing holds it by the next microtask.
 */
export function lazySession(options: SessionOptions): LazySession {
  const loading = firstSnapshot(undefined)
  let session: Session | undefined
  let holders = 0
  let makeReady: (snapshot: Promise<Snapshot>) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })

  function begun(): Session {
    if (!session) {
      session = startSession(options)
      makeReady(session.ready)
    }
    return session
  }

  function endUnlessHeld(): void {
    if (holders > 0) return
    session?.destroy()
    session = undefined
  }

  return {
    ready,
    get current() {
      return session?.current ?? loading
    },
    get referrer() {
      return session?.referrer ?? ''
    },
    hold() {
      holders++
      begun()
      return () => {
        holders--
        queueMicrotask(endUnlessHeld)
      }
    },
    subscribe: (listener) => begun().subscribe(listener),
    signIn: (to) => begun().signIn(to),
    signOut: () => begun().signOut(),
    link: () => begun().link(),
    transfer: (url) => begun().transfer(url),
    refresh: () => begun().refresh(),
    extend: () => begun().extend(),
    diagnose: () => begun().diagnose(),
    destroy: () => session?.destroy(),
  }
}
