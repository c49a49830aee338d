import type { Snapshot } from '@isthmus/protocol'
import {
  type ComputedRef,
  computed,
  getCurrentInstance,
  onMounted,
  onUnmounted,
  type ShallowRef,
  shallowRef,
} from 'vue'
import { shown } from '../bindings/first-paint.ts'
import { requireSignIn } from '../bindings/require-sign-in.ts'
import { type Granted, granted } from '../bindings/signed-in.ts'
import type { Session } from '../session.ts'
import { injectFollowed } from './session-plugin.ts'

/** What a component sees of the session. */
export interface SessionView {
  /** What is known; changes as the session does. */
  readonly snapshot: Readonly<ShallowRef<Snapshot>>
  /** The object to act with: `session.signIn()`, `session.signOut()`. */
  readonly session: Session
}

/** The session of the app; call it in `setup`. */
export function useSession(): SessionView {
  const { session, initial } = injectFollowed()
  const snapshot = shallowRef(takesOverMarkup() ? initial : shown(session.current, initial))
  follow(() => session.subscribe((current) => (snapshot.value = shown(current, initial))))
  return { snapshot, session }
}

/**
 * For pages that need a user: leads to the login page, and back here, if the hub says that nobody is signed in. At most
 * once in a tab until a user was signed in, so that it cannot loop.
 *
 * @returns the snapshot of a user whom this site admits; `undefined` while there is none
 */
export function useRequireSession(): ComputedRef<Granted | undefined> {
  const { snapshot, session } = useSession()
  follow(() => requireSignIn(session))
  return computed(() => granted(snapshot.value))
}

/** Whether the component is about to take over what a server rendered: Vue has given it the element by then. */
function takesOverMarkup(): boolean {
  return Boolean(getCurrentInstance()?.vnode.el)
}

/** From mounted to unmounted: not on a server. */
function follow(start: () => () => void): void {
  if (!getCurrentInstance()) return
  let stop: (() => void) | undefined
  onMounted(() => {
    stop = start()
  })
  onUnmounted(() => stop?.())
}
