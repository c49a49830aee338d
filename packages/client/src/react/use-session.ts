import type { Snapshot } from '@isthmus/protocol'
import { use, useEffect, useSyncExternalStore } from 'react'
import { requireSignIn } from '../bindings/require-sign-in.ts'
import { type Granted, granted } from '../bindings/signed-in.ts'
import type { Session } from '../session.ts'
import { useFollowed } from './session-provider.ts'

/** What a component sees of the session. */
export interface SessionView {
  /** What is known at this render. */
  readonly snapshot: Snapshot
  /** The object to act with: `session.signIn()`, `session.signOut()`. The same at every render. */
  readonly session: Session
}

/** The session of the nearest {@link SessionProvider}; the component renders anew at every change. */
export function useSession(): SessionView {
  const { session, subscribe, getSnapshot, getServerSnapshot } = useFollowed()
  return { snapshot: useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot), session }
}

/**
 * For pages that need a user: leads to the login page, and back here, if the hub says that nobody is signed in. At most
 * once in a tab until a user was signed in, so that it cannot loop.
 *
 * @returns the snapshot of a user whom this site admits; `undefined` while there is none
 */
export function useRequireSession(): Granted | undefined {
  const { snapshot, session } = useSession()
  useEffect(() => requireSignIn(session), [session])
  return granted(snapshot)
}

/**
 * The same snapshot as {@link useSession}, for components below `<Suspense>`: they wait until it is not `loading`. On a
 * server, and while its markup is taken over, it is what the server knows.
 */
export function useReady(): Snapshot {
  const { session, getSnapshot } = useFollowed()
  const { snapshot } = useSession()
  // What the page knows, and not what is rendered: while markup is taken over, that is what the server knew.
  const known = getSnapshot()
  const isLoading = known.status === 'unknown' && known.reason === 'loading'
  // React wants `use` in the render that follows a wait as well.
  const wait: Promise<unknown> = isLoading ? session.ready : NO_WAIT
  if (typeof document !== 'undefined') use(wait)
  return snapshot
}

/** A promise that React takes as settled without waiting for a turn (https://react.dev/reference/react/use). */
const NO_WAIT = Object.assign(Promise.resolve(), { status: 'fulfilled' as const, value: undefined })
