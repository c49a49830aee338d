import type { Snapshot } from '@isthmus/protocol'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { type Acts, actsOf } from '../bindings/acts.ts'
import { requireSignIn } from '../bindings/require-sign-in.ts'
import { shown } from '../bindings/verdict.ts'
import { useProvided } from './provider.tsx'

/** The session, as components use it. */
export interface UsedSession extends Acts {
  /** What is known now; the component renders again when it changes. */
  readonly current: Snapshot
}

/**
 * The session of the nearest `<IsthmusProvider>`: `current`, and what can be done. While the server renders and the page
 * hydrates, `current` is what the provider's `initial` says. `use(useSession().ready)` suspends until the hub has
 * answered; its `<Suspense>` stands inside the provider.
 *
 * @example
 * const { current, signOut } = useSession()
 */
export function useSession(): UsedSession {
  const { session, first } = useProvided()
  const current = useSyncExternalStore(
    session.subscribe,
    () => shown(session.current, first),
    () => first,
  )
  const acts = useMemo(() => actsOf(session), [session])
  return useMemo(() => ({ ...acts, current }), [acts, current])
}

/**
 * For pages that need a user: the signed-in snapshot, and `null` while the session is unknown or the page is on its way to
 * the hub's login page, where it leads as soon as the hub said that there is no session. A user whom the site does not
 * admit is signed in, with `access: 'denied'`.
 */
export function useRequireSession(): Extract<Snapshot, { status: 'signed-in' }> | null {
  const { session } = useProvided()
  const { current } = useSession()
  useEffect(() => requireSignIn(session, current), [session, current])
  return current.status === 'signed-in' ? current : null
}
