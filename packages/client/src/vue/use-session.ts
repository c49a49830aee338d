import type { Snapshot } from '@isthmus/protocol'
import { getCurrentInstance, onMounted, onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import { type Acts, actsOf } from '../bindings/acts.ts'
import { shown } from '../bindings/verdict.ts'
import { injectProvided } from './plugin.ts'

/** The session, as components use it. */
export interface UsedSession extends Acts {
  /** What is known now. */
  readonly current: Readonly<ShallowRef<Snapshot>>
}

/**
 * The session of the app: `current`, a ref, and what can be done. While the server renders and the page hydrates,
 * `current` is what the plugin's `initial` says.
 *
 * @example
 * const { current, signOut } = useSession()
 */
export function useSession(): UsedSession {
  const { session, first } = injectProvided()
  const current = shallowRef(first)
  const follow = (): void => {
    onScopeDispose(
      session.subscribe((snapshot) => {
        current.value = shown(snapshot, first)
      }),
    )
  }
  if (typeof document !== 'undefined') {
    // A component that hydrates has its element before it is set up. It must first render what the server has rendered.
    if (getCurrentInstance()?.vnode.el) onMounted(follow)
    else follow()
  }
  return { ...actsOf(session), current }
}
