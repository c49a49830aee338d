import type { Origin } from '@isthmus/protocol'
import type { Handlers, Known } from '../session/state.ts'

/** Where the session is kept beside this page's memory: for the site's back end, and for the first paint of the next page. */
export interface Mirror {
  /** What it adds to the machine. */
  readonly on: Handlers
  open(hub: Origin, site: string | undefined): OpenMirror
}

export interface OpenMirror {
  /** What the page before left, if it can be read and may still be true. */
  read(): Known | undefined
  keep(token: string, cookieDomain: string | undefined): void
  /** The session is over: nothing of it stays. */
  clear(): void
}
