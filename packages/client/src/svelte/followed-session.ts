import type { Snapshot } from '@isthmus/protocol'
import { getContext, onMount, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { LOADING, shown } from '../bindings/first-paint.ts'
import { inertSession } from '../bindings/inert-session.ts'
import { complain } from '../bindings/misuse.ts'
import { passOn } from '../bindings/pass-on.ts'
import { requireSignIn } from '../bindings/require-sign-in.ts'
import { type SessionSource, sessionOf } from '../bindings/session-of.ts'
import type { Session } from '../session.ts'

const FOLLOWED: unique symbol = Symbol('isthmus')

/** What {@link setSession} takes besides the session. */
export interface SetSessionOptions {
  /**
   * What the server knows of the session, such as the verdict of its back end: the first thing that is rendered, on the
   * server and in the page, until the session has said something itself. Default: `unknown`, `loading`.
   */
  readonly initial?: Snapshot
}

/**
 * Gives a session to the components below: what `createSession` gave, or its options. Call it once, in the script of the
 * root layout. On a server nothing is started.
 *
 * @returns the session as components see it; see {@link useSession}
 * @example
 * const session = setSession({ hub: 'https://auth.example.com' })
 */
export function setSession(source: SessionSource, { initial = LOADING }: SetSessionOptions = {}): Session {
  if (getContext(FOLLOWED))
    complain('setSession() was called below a component that called it. Keep one, in the root layout.')
  return setContext(FOLLOWED, followed(sessionOf(source), initial))
}

/**
 * The session of the component that called {@link setSession}. `session.current` is followed wherever Svelte follows
 * state (markup, `$derived`, `$effect`), and the session is a store as well: `$session`. Call it in a component's script.
 */
export function useSession(): Session {
  const session = getContext<Session | undefined>(FOLLOWED)
  if (session) return session
  complain('useSession() was called where no component above called setSession(). Call it in the root layout.')
  return NOTHING
}

/**
 * For pages that need a user: leads to the login page, and back here, if the hub says that nobody is signed in. At most
 * once in a tab until a user was signed in, so that it cannot loop. Call it in a component's script.
 *
 * @returns the same session as {@link useSession}
 */
export function requireSession(): Session {
  const session = useSession()
  onMount(() => requireSignIn(session))
  return session
}

/**
 * The session in the shape of a component's state. Until the root is mounted, components show what the server rendered.
 */
function followed(session: Session, initial: Snapshot): Session {
  const followers = new Set<() => void>()
  let isMounted = false
  const read = (): Snapshot => (isMounted ? shown(session.current, initial) : initial)
  const track = createSubscriber((update) => {
    followers.add(update)
    return () => followers.delete(update)
  })
  onMount(() => {
    isMounted = true
    return session.subscribe(() => {
      for (const notify of [...followers]) notify()
    })
  })
  return passOn(() => session, {
    current() {
      track()
      return read()
    },
    subscribe(listener) {
      const notify = (): void => listener(read())
      followers.add(notify)
      notify()
      return () => followers.delete(notify)
    },
    destroy: () => session.destroy(),
  })
}

const NOTHING = inertSession('no component above called setSession().')
