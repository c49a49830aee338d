import type { Snapshot } from '@isthmus/protocol'
import { hasInjectionContext, type InjectionKey, inject, type Plugin } from 'vue'
import { LOADING } from '../bindings/first-paint.ts'
import { inertSession } from '../bindings/inert-session.ts'
import { complain } from '../bindings/misuse.ts'
import { type SessionSource, sessionOf } from '../bindings/session-of.ts'
import type { Session } from '../session.ts'

/** The session of an app, and what its server knows of it. */
interface Followed {
  readonly session: Session
  readonly initial: Snapshot
}

const FOLLOWED: InjectionKey<Followed> = Symbol('isthmus')

/** What {@link createIsthmus} takes besides the session. */
export interface IsthmusOptions {
  /**
   * What the server knows of the session, such as the verdict of its back end: the first thing that is rendered, on the
   * server and in the page, until the session has said something itself. Default: `unknown`, `loading`.
   */
  readonly initial?: Snapshot
}

/**
 * The plugin that gives a session to the components of an app: what `createSession` gave, or its options. On a server
 * nothing is started.
 *
 * @example
 * createApp(App).use(createIsthmus({ hub: 'https://auth.example.com' })).mount('#app')
 */
export function createIsthmus(source: SessionSource, { initial = LOADING }: IsthmusOptions = {}): Plugin {
  return {
    install(app) {
      if (app.runWithContext(() => inject(FOLLOWED, null))) {
        complain('createIsthmus() was used twice by one app. Keep one app.use(createIsthmus(…)).')
        return
      }
      const session = sessionOf(source)
      app.provide(FOLLOWED, { session, initial })
      // The session lives as long as the app, be it that no component follows it just now.
      if (typeof document !== 'undefined') app.onUnmount(session.subscribe(() => {}))
    },
  }
}

/** What the plugin gives; without it, a session that stays unknown. */
export function injectFollowed(): Followed {
  const followed = hasInjectionContext() ? inject(FOLLOWED, null) : null
  if (followed) return followed
  complain('useSession() was called outside of setup, or the app lacks app.use(createIsthmus({ hub })).')
  return NOTHING
}

const NOTHING: Followed = { session: inertSession('the app lacks app.use(createIsthmus({ hub })).'), initial: LOADING }
