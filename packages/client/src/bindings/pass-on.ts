import type { Snapshot } from '@isthmus/protocol'
import type { Session } from '../session.ts'

/** What differs from the session behind. */
interface Front {
  current(): Snapshot
  subscribe: Session['subscribe']
  destroy(): void
}

/** A session that passes what is asked of it on to another one, which may be made for the occasion. */
export function passOn(behind: () => Session, { current, subscribe, destroy }: Front): Session {
  return {
    get current() {
      return current()
    },
    get ready() {
      return behind().ready
    },
    subscribe,
    signIn: (options) => behind().signIn(options),
    signOut: () => behind().signOut(),
    link: () => behind().link(),
    transfer: (url) => behind().transfer(url),
    refresh: () => behind().refresh(),
    extend: () => behind().extend(),
    diagnose: () => behind().diagnose(),
    destroy,
  }
}
