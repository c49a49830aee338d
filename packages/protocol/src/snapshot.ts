import type { SiteState } from './state.ts'

type SignedIn = Extract<SiteState, { status: 'signed-in' }>
type SignedOut = Extract<SiteState, { status: 'signed-out' }>

/** Why the session is unknown. */
export type UnknownReason = 'loading' | 'partitioned' | 'unreachable' | 'timeout' | 'blocked' | 'not-registered'

/** What a page knows of the session. `signed-out` is said only when the hub said so; a failure is `unknown`. */
export type Snapshot =
  | (SignedIn & { readonly stale: boolean })
  | (SignedOut & { readonly stale: boolean })
  | {
      readonly status: 'unknown'
      readonly reason: UnknownReason
      /** The last thing the hub said, if it said anything. */
      readonly last?: Exclude<Snapshot, { status: 'unknown' }>
      readonly stale: boolean
    }
