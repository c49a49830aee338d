import type { Snapshot } from '@isthmus/protocol'
import { type App, type InjectionKey, inject, type Plugin } from 'vue'
import { inertSession } from '../bindings/inert-session.ts'
import { isSession, startSession } from '../bindings/start-session.ts'
import { firstSnapshot, type Verdict } from '../bindings/verdict.ts'
import type { Session, SessionOptions } from '../session.ts'

interface Provided {
  readonly session: Session
  readonly first: Snapshot
}

const KEY: InjectionKey<Provided> = Symbol('isthmus')

const MISSING = 'isthmus: no session here; call app.use(createIsthmus({ session: … })) before the app is mounted.'
const TWICE = 'isthmus: this app uses createIsthmus twice; the second one does nothing, remove it.'

/** What `createIsthmus` takes. */
export interface IsthmusOptions {
  /**
   * A session (of `createSession`, or of `createFakeSession` in a test), which stays yours to end. Or the options for one:
   * then the plugin begins it in the browser, and ends it when the app is unmounted.
   */
  readonly session: Session | SessionOptions
  /** What the back end knows of the session: the server renders it, and the page shows it until the hub has answered. */
  readonly initial?: Verdict | undefined
}

/** A Vue plugin that gives the session to every component of the app: `app.use(createIsthmus({ session: { hub } }))`. */
export function createIsthmus({ session: given, initial }: IsthmusOptions): Plugin {
  return {
    install(app: App) {
      if (app.runWithContext(() => inject(KEY, null))) {
        console.error(TWICE)
        return
      }
      const session = isSession(given) ? given : startSession(given)
      if (session !== given) app.onUnmount(() => session.destroy())
      app.provide(KEY, { session, first: firstSnapshot(initial) })
    },
  }
}

/** What the app's plugin gives. Without one: a session that stays unknown, and a sentence in the console. */
export function injectProvided(): Provided {
  const provided = inject(KEY, null)
  if (provided) return provided
  console.error(MISSING)
  return { session: inertSession(MISSING), first: firstSnapshot(undefined) }
}
