import type { Known } from '../session/state.ts'

/** Where the session is kept beside this page's memory: for the site's back end, and for the first paint of the next page. */
export interface Mirror {
  /** What the page before left, if it can be read and may still be true. */
  read(): Known | undefined
  keep(token: string, cookieDomain: string | undefined): void
  /** The session is over: nothing of it stays. */
  clear(): void
}
