import { IsthmusError, type Origin, VISIT_LIFETIME_MS, type Visit } from '@isthmus/protocol'
import { createShortId, sha256 } from '../session/secrets.ts'
import type { Clock, Store } from '../store/store.ts'

/** A visit that the hub has accepted: where it leads back to was checked. */
export interface RegisteredVisit extends Visit {
  /** Id of the site that the visit is for. */
  readonly site: string
  /** Of the way back. */
  readonly origin: Origin
}

/** Visits that a page has the hub accept before it is left: the address bar then carries a short id. */
export interface RegisteredVisits {
  register(visit: RegisteredVisit): Promise<string>
  /** What an id stands for, used or not; `undefined` if it was never given, or long ago. */
  find(id: string): Promise<RegisteredVisit | undefined>
  /** Makes the visit: of any number of requests with one id, one gets it; throws `visit-unknown` for the others. */
  take(id: string): Promise<RegisteredVisit>
}

interface Kept extends RegisteredVisit {
  readonly expiresAt: number
  /** Made already. Kept on, so that the refusal of a second one has a way back to the site. */
  readonly used?: true
}

const keyOf = (id: string): string => `visit/${sha256(id)}`

export function createRegisteredVisits(store: Store, clock: Clock): RegisteredVisits {
  async function read(id: string): Promise<{ kept: Kept; version: string } | undefined> {
    const stored = await store.get(keyOf(id))
    return stored && { kept: JSON.parse(stored.value) as Kept, version: stored.version }
  }

  /** Kept a while longer than it is good for, for the same reason. */
  const put = (id: string, kept: Kept, ifVersion: string | null): Promise<boolean> =>
    store.write([
      { put: keyOf(id), value: JSON.stringify(kept), expiresAt: kept.expiresAt + VISIT_LIFETIME_MS, ifVersion },
    ])

  return {
    async register(visit) {
      const id = createShortId()
      await put(id, { ...visit, expiresAt: clock() + VISIT_LIFETIME_MS }, null)
      return id
    },

    async find(id) {
      return (await read(id))?.kept
    },

    async take(id) {
      const found = await read(id)
      const isGood = found && !found.kept.used && clock() < found.kept.expiresAt
      if (!isGood || !(await put(id, { ...found.kept, used: true }, found.version))) {
        throw new IsthmusError('visit-unknown')
      }
      return found.kept
    },
  }
}
