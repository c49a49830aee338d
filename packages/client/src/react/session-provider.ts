import type { Snapshot } from '@isthmus/protocol'
import { createContext, createElement, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { LOADING, shown } from '../bindings/first-paint.ts'
import { inertSession } from '../bindings/inert-session.ts'
import { complain } from '../bindings/misuse.ts'
import { type SessionSource, sessionOf } from '../bindings/session-of.ts'
import type { Session } from '../session.ts'

/** A session as `useSyncExternalStore` takes it. */
interface Followed {
  readonly session: Session
  readonly subscribe: (onChange: () => void) => () => void
  readonly getSnapshot: () => Snapshot
  readonly getServerSnapshot: () => Snapshot
}

const Following = createContext<Followed | null>(null)

/** What {@link SessionProvider} takes. */
export interface SessionProviderProps {
  /**
   * The session that the components below follow: what `createSession` gave, made outside of components, or its options.
   * Options that name the same hub and site are the same session, however often they are rendered.
   */
  readonly session: SessionSource
  /**
   * What the server knows of the session, such as the verdict of its back end: the first thing that is rendered, on the
   * server and in the page, until the session has said something itself. Default: `unknown`, `loading`.
   */
  readonly initial?: Snapshot
  readonly children?: ReactNode
}

/**
 * Gives a session to the components below. One, at the root. On a server nothing is started.
 *
 * @example
 * <SessionProvider session={{ hub: 'https://auth.example.com' }}><App /></SessionProvider>
 */
export function SessionProvider({ session: source, initial = LOADING, children }: SessionProviderProps): ReactNode {
  const session = sessionOf(source)
  const [first] = useState(initial)
  const followed = useMemo(() => follow(session, first), [session, first])
  const isNested = useContext(Following) !== null
  // The session lives as long as the provider, be it that no component follows it just now.
  useEffect(() => followed.subscribe(() => {}), [followed])
  useEffect(() => {
    if (isNested) complain('<SessionProvider> stands inside another one. Keep one, at the root.')
  }, [isNested])
  return createElement(Following.Provider, { value: followed }, children)
}

/** What the nearest provider gives; without one, a session that stays unknown. */
export function useFollowed(): Followed {
  const followed = useContext(Following)
  if (followed) return followed
  complain('a component follows the session outside of <SessionProvider>. Put the provider at the root.')
  return NOTHING
}

function follow(session: Session, first: Snapshot): Followed {
  return {
    session,
    subscribe: (onChange) => session.subscribe(onChange),
    getSnapshot: () => shown(session.current, first),
    getServerSnapshot: () => first,
  }
}

const NOTHING = follow(inertSession('there is no <SessionProvider>. Put one at the root.'), LOADING)
