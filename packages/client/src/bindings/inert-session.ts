import type { Session } from '../session.ts'
import { LOADING } from './first-paint.ts'

/** A session that follows nothing: what components get on a server, and where the page was set up wrongly. */
export function inertSession(why: string): Session {
  const refuse = async (): Promise<never> => {
    throw new Error(`isthmus: ${why}`)
  }
  return {
    current: LOADING,
    // Nothing more will be known: components that wait for it go on.
    ready: Promise.resolve(LOADING),
    subscribe(listener) {
      listener(LOADING)
      return () => {}
    },
    signIn: refuse,
    signOut: refuse,
    link: refuse,
    transfer: (url) => url,
    refresh: async () => LOADING,
    extend: async () => LOADING,
    diagnose: refuse,
    destroy() {},
  }
}
