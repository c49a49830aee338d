import type { Snapshot } from '@isthmus/protocol'
import { getContext, hasContext, onDestroy, onMount, setContext } from 'svelte'
import { fromStore, type Readable, writable } from 'svelte/store'
import { type Acts, actsOf } from '../bindings/acts.ts'
import { inertSession } from '../bindings/inert-session.ts'
import { isSession, startSession } from '../bindings/start-session.ts'
import { firstSnapshot, shown, type Verdict } from '../bindings/verdict.ts'
import type { Session, SessionOptions } from '../session.ts'

/** The session, as components use it: `session.current` in runes, `$session` as a store. */
export interface UsedSession extends Acts, Readable<Snapshot> {
  /** What is known now; in a template, `$derived` or `$effect` it is followed. */
  readonly current: Snapshot
}

/** What `setSession` takes beside the session. */
export interface IsthmusOptions {
  /** What the back end knows of the session: the server renders it, and the page shows it until the hub has answered. */
  readonly initial?: Verdict | undefined
}

const KEY = Symbol('isthmus')

const MISSING = 'isthmus: no session here; call setSession in the root component (+layout.svelte).'
const TWICE =
  'isthmus: setSession was called inside a component that has a session; the second one does nothing, remove it.'

/**
 * Gives the session to this component and every one below it. Belongs into the root component, once.
 *
 * @param given A session (of `createSession`, or of `createFakeSession` in a test), which stays yours to end. Or the options
 * for one: then it begins in the browser, and ends when the component is destroyed.
 */
export function setSession(given: Session | SessionOptions, { initial }: IsthmusOptions = {}): UsedSession {
  if (hasContext(KEY)) {
    console.error(TWICE)
    return getContext(KEY)
  }
  const session = isSession(given) ? given : startSession(given)
  if (session !== given) onDestroy(() => session.destroy())
  return setContext(KEY, used(session, firstSnapshot(initial)))
}

/** The session that `setSession` gave. Without one: a session that stays unknown, and a sentence in the console. */
export function getSession(): UsedSession {
  const provided = getContext<UsedSession | undefined>(KEY)
  if (provided) return provided
  console.error(MISSING)
  return used(inertSession(MISSING), firstSnapshot(undefined))
}

function used(session: Session, first: Snapshot): UsedSession {
  const store = writable(first)
  const read = fromStore(store)
  // Not before: a page that hydrates must first render what the server has rendered.
  onMount(() => session.subscribe((snapshot) => store.set(shown(snapshot, first))))
  return {
    ...actsOf(session),
    subscribe: store.subscribe,
    get current() {
      return read.current
    },
  }
}
