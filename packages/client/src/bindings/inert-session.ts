import type { Session } from '../session.ts'
import { firstSnapshot } from './verdict.ts'

/**
 * A session that stays unknown, where there can be none: on a server, and after a mistake of the program that must not
 * break its page. Its acts reject with `why`.
 */
export function inertSession(why: string): Session {
  const current = firstSnapshot(undefined)
  const refuse = (): Promise<never> => Promise.reject(new Error(why))
  return {
    current,
    referrer: '',
    ready: Promise.resolve(current),
    subscribe(listener) {
      listener(current)
      return () => {}
    },
    signIn: refuse,
    signOut: refuse,
    link: refuse,
    transfer: (url) => url,
    refresh: refuse,
    extend: refuse,
    diagnose: refuse,
    destroy() {},
  }
}
