import type { IsthmusError } from '@isthmus/protocol'

/** The user as this site may see it: the subject, and the claims that the site was granted. */
export interface SiteUser {
  readonly sub: string
  readonly [claim: string]: unknown
}

/** The hub says so, not longer than five minutes ago. */
export interface SignedIn {
  readonly status: 'signed-in'
  /** Public id of the session; never a secret. */
  readonly sid: string
  readonly user: SiteUser
  /** Those of the user's groups that this site's registration names. */
  readonly groups: readonly string[]
  /** When this token ends, in milliseconds since the epoch. The session may last longer: the page renews its token. */
  readonly expiresAt: number
  readonly error?: undefined
}

/**
 * What a back end knows of the session behind a request. As in the browser, `signed-out` is said only when the hub said
 * so, by back-channel logout: that session is over, though the browser may have begun another. A request without a good
 * token is `unknown`, and its code says why. Neither has a user.
 */
export type Verdict =
  | SignedIn
  | {
      readonly status: 'signed-out' | 'unknown'
      readonly error: IsthmusError
      readonly sid?: undefined
      readonly user?: undefined
      readonly groups?: undefined
      readonly expiresAt?: undefined
    }
