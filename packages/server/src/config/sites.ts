import { IsthmusError, type Origin } from '@isthmus/protocol'
import type { Clock } from '../store/store.ts'
import { type HubConfig, parseSites } from './hub-config.ts'
import type { Site } from './site.ts'

/** A list kept in a database is read again after this long. */
const SITES_FRESH_MS = 30_000

/** The registered sites: who may ask, and for whom. */
export interface Sites {
  all(): Promise<readonly Site[]>
  byId(id: string): Promise<Site | undefined>
  /** The site that an origin belongs to; `undefined` if it is registered for none. Throws where `id` must decide and is missing. */
  byOrigin(origin: Origin, id?: string): Promise<Site | undefined>
}

/** Reads the sites once, so that a wrong list stops the hub at its start. `onError` hears of one that is wrong later. */
export async function createSites(
  source: HubConfig['sites'],
  clock: Clock,
  onError: (error: unknown) => void,
): Promise<Sites> {
  let reading: Promise<readonly Site[]> | undefined
  let readAt = Number.NEGATIVE_INFINITY
  const read = async (): Promise<readonly Site[]> => parseSites(typeof source === 'function' ? await source() : source)
  const all = (): Promise<readonly Site[]> => {
    if (!reading || (typeof source === 'function' && clock() - readAt > SITES_FRESH_MS)) {
      readAt = clock()
      const previous = reading
      reading = read()
      if (previous) {
        // A database that fails for a moment must not unregister everybody.
        reading = reading.catch((error: unknown) => {
          onError(error)
          return previous
        })
      }
    }
    return reading
  }
  await all()
  return {
    all,
    async byId(id) {
      return (await all()).find((site) => site.id === id)
    },
    async byOrigin(origin, id) {
      const sites = (await all()).filter((site) => site.origins.includes(origin))
      if (id !== undefined) return sites.find((site) => site.id === id)
      if (sites.length > 1) {
        const ids = sites.map((site) => `"${site.id}"`).join(' and ')
        throw new IsthmusError('invalid-request', `${origin} serves the sites ${ids}: name one with the option "site".`)
      }
      return sites[0]
    },
  }
}
