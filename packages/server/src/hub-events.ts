import { EventEmitter } from 'node:events'

/** What a hub tells the program it runs in. No event carries a secret. */
export interface HubEventMap {
  /** Somebody signed in at the hub. */
  'sign-in': { readonly sid: string; readonly sub: string }
  /** A session ended by the user or by the program; expiry is silent. */
  'sign-out': { readonly sid: string; readonly sub: string; readonly reason: 'logout' | 'revoked' }
  /** A partition was linked to a session. */
  link: { readonly sid: string; readonly site: string }
  /** A site's back end was told that a session is over, or could not be told. */
  delivery: {
    readonly site: string
    readonly sid: string
    /** Whether it took the logout token. */
    readonly ok: boolean
    /** Counted from 1. */
    readonly attempt: number
    /** The HTTP status of its answer, or why there is none. A redirect is not followed. */
    readonly status: number | 'timeout' | 'unreachable'
    /** When it is tried again, in milliseconds since the epoch; `null`: not by this server, or never. */
    readonly retryAt: number | null
    readonly durationMs: number
  }
  /** A request was refused: an unknown origin, a bad ticket. `origin` is what its Origin or Referer says, without a path. */
  denied: { readonly code: string; readonly path: string; readonly origin: string | null }
  /** The hub failed: a bug, or its store. Printed to stderr while nobody listens. */
  error: { readonly error: unknown; readonly path: string }
}

export interface HubEvents {
  on<Name extends keyof HubEventMap>(name: Name, listener: (event: HubEventMap[Name]) => void): () => void
  /** As {@link on}, for the hub's own metrics: an error that only they hear of is printed all the same. */
  watch<Name extends keyof HubEventMap>(name: Name, watcher: (event: HubEventMap[Name]) => void): void
  emit<Name extends keyof HubEventMap>(name: Name, event: HubEventMap[Name]): void
}

export function createHubEvents(): HubEvents {
  const emitter = new EventEmitter()
  const watchers = new Map<keyof HubEventMap, (event: never) => void>()
  const events: HubEvents = {
    on(name, listener) {
      const guarded: typeof listener = (event) => {
        // What is told has happened already: a listener that throws must not turn it into a failed request.
        try {
          listener(event)
        } catch (error) {
          if (name === 'error') console.error('isthmus:', error)
          else events.emit('error', { error, path: `listener of "${name}"` })
        }
      }
      emitter.on(name, guarded)
      return () => emitter.off(name, guarded)
    },
    watch: (name, watcher) => void watchers.set(name, watcher),
    emit(name, event) {
      watchers.get(name)?.(event as never)
      if (name === 'error' && emitter.listenerCount('error') === 0) console.error('isthmus:', event)
      else emitter.emit(name, event)
    },
  }
  return events
}
