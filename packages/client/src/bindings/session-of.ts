import { createSession } from '../index.ts'
import type { Session, SessionOptions } from '../session.ts'
import { LOADING } from './first-paint.ts'
import { inertSession } from './inert-session.ts'
import { complain } from './misuse.ts'
import { passOn } from './pass-on.ts'

/** A session of your own making, or what to make one from. */
export type SessionSource = Session | SessionOptions

/** The sessions that this page made from options, by what they follow. */
const kept = new Map<string, Kept>()

interface Kept {
  /** Those given last: they count when the session begins. */
  options: SessionOptions
  readonly session: Session
}

/**
 * The session that components follow. Frameworks render more often than they show (StrictMode, Suspense, hot reload), so:
 *
 * 1. To call this has no effect but a note in memory. The session begins when something follows it or asks it to act.
 * 2. Options that name the same hub and site are the same session, so that a ticket in the address is taken up once.
 * 3. It ends when nothing has followed it for a turn of the event loop: StrictMode lets go and takes hold within one.
 * 4. On a server it is inert, and none is kept: one process renders for many users.
 * 5. Options that are wrong are an error in the console, and a session that stays unknown. The page goes on.
 */
export function sessionOf(source: SessionSource): Session {
  if (typeof source !== 'object' || source === null) {
    complain('a session or its options are needed, such as { hub: "https://auth.example.com" }.')
    return NOTHING
  }
  if ('subscribe' in source) return source
  if (typeof document === 'undefined') return inertSession('a session does nothing on a server.')
  const key = JSON.stringify([source.hub, source.site])
  const known = kept.get(key)
  if (known) {
    known.options = source
    return known.session
  }
  const made: Kept = { options: source, session: sessionOnDemand(() => made.options) }
  kept.set(key, made)
  return made.session
}

const NOTHING = inertSession('the page gave neither a session nor its options.')

function sessionOnDemand(options: () => SessionOptions): Session {
  let begun: Session | undefined
  let followers = 0
  const begin = (): Session => {
    begun ??= attempt(options())
    return begun
  }
  const end = (): void => {
    begun?.destroy()
    begun = undefined
  }
  return passOn(begin, {
    current: () => begun?.current ?? LOADING,
    subscribe(listener) {
      followers += 1
      const unsubscribe = begin().subscribe(listener)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        unsubscribe()
        followers -= 1
        setTimeout(() => followers === 0 && end())
      }
    },
    destroy: end,
  })
}

function attempt(options: SessionOptions): Session {
  try {
    return createSession(options)
  } catch (error) {
    console.error(`isthmus: ${(error as Error).message}`)
    return inertSession('the session could not begin; an earlier line of the console says why.')
  }
}
