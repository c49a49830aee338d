import { LOGIN_LIFETIME_MS } from '@isthmus/protocol'
import { createShortId, sha256 } from '../session/secrets.ts'
import type { Clock, Store } from '../store/store.ts'
import type { RegisteredVisit } from './registered-visits.ts'

/** What a user wants who is at the login page: back to a site, or the own account. */
export interface PendingSignIn {
  /** Absent: the account page. */
  readonly back?: Pick<RegisteredVisit, 'site' | 'origin' | 'returnTo'> & { readonly challenge?: string | undefined }
  /** The guest that this browser is, for a sign-in whose last request does not bring its cookies along. */
  readonly guest?: string | undefined
}

/**
 * Sign-ins that wait for a password.
 *
 * 1. `/login` begins one. Its short id goes to the login page, and into the name of a Lax cookie of this browser.
 * 2. `hub.signIn` fulfils it: the session that was begun for it is written down.
 * 3. `/continue` takes it, in the browser that has that cookie **and** that session. Anyone else's id leads nowhere.
 */
export interface PendingSignIns {
  begin(pending: PendingSignIn): Promise<string>
  /** What an id stands for; `undefined` if it is none, was taken or is too old. */
  find(id: string): Promise<PendingSignIn | undefined>
  /** Notes the session of the user who has signed in. */
  fulfil(id: string, sid: string): Promise<void>
  /** Takes what the session of this sid has fulfilled: once. */
  take(id: string, sid: string): Promise<PendingSignIn | undefined>
}

interface Kept extends PendingSignIn {
  readonly expiresAt: number
  readonly sid?: string
}

const keyOf = (id: string): string => `pending/${sha256(id)}`

export function createPendingSignIns(store: Store, clock: Clock): PendingSignIns {
  const put = (id: string, kept: Kept, ifVersion: string | null): Promise<boolean> =>
    store.write([{ put: keyOf(id), value: JSON.stringify(kept), expiresAt: kept.expiresAt, ifVersion }])

  return {
    async begin(pending) {
      const id = createShortId()
      await put(id, { ...pending, expiresAt: clock() + LOGIN_LIFETIME_MS }, null)
      return id
    },

    async find(id) {
      const stored = await store.get(keyOf(id))
      return stored && (JSON.parse(stored.value) as Kept)
    },

    async fulfil(id, sid) {
      for (;;) {
        const stored = await store.get(keyOf(id))
        if (!stored || (await put(id, { ...(JSON.parse(stored.value) as Kept), sid }, stored.version))) return
      }
    },

    async take(id, sid) {
      const stored = await store.get(keyOf(id))
      // Looked at before it is taken: another browser that has the id must not use it up.
      if (!stored || (JSON.parse(stored.value) as Kept).sid !== sid) return undefined
      const taken = await store.take(keyOf(id))
      return taken === undefined ? undefined : (JSON.parse(taken) as Kept)
    },
  }
}
