// By its public name: the bindings share the one client of the page, and hold no copy of it.
import { createSession } from '@isthmus/client'
import type { Session, SessionOptions } from '../session.ts'
import { inertSession } from './inert-session.ts'

export function isSession(given: Session | SessionOptions): given is Session {
  return 'subscribe' in given
}

/** The session of these options; an inert one on a server, and where the options are wrong, which the console tells. */
export function startSession(options: SessionOptions): Session {
  if (typeof document === 'undefined')
    return inertSession('isthmus: the session lives in the browser, not on the server.')
  try {
    return createSession(options)
  } catch (error) {
    const { message } = error as Error
    console.error(`isthmus: ${message}`)
    return inertSession(message)
  }
}
