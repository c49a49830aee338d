import type { Session } from '../session.ts'

/** What components do with a session; its life belongs to the provider. */
export type Acts = Omit<Session, 'current' | 'referrer' | 'subscribe' | 'destroy'>

export function actsOf(session: Session): Acts {
  return {
    ready: session.ready,
    signIn: (options) => session.signIn(options),
    signOut: () => session.signOut(),
    link: () => session.link(),
    transfer: (url) => session.transfer(url),
    refresh: () => session.refresh(),
    extend: () => session.extend(),
    diagnose: () => session.diagnose(),
  }
}
