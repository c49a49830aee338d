import { IsthmusError, type Origin } from '@isthmus/protocol'
import type { Clock } from '../store/store.ts'
import { type HubConfig, parseSites } from './hub-config.ts'
import type { Site } from './site.ts'

/** A list kept in a database is read again after this long. */
const SITES_FRESH_MS = 30_000

/** The registered sites: who may ask, and for whom. To look one up costs the same however many there are. */
export interface Sites {
  all(): Promise<readonly Site[]>
  byId(id: string): Promise<Site | undefined>
  /** The site that an origin belongs to; `undefined` if it is registered for none. Throws where `id` must decide and is missing. */
  byOrigin(origin: Origin, id?: string): Promise<Site | undefined>
  /** All sites that an origin is registered for. */
  ofOrigin(origin: Origin): Promise<readonly Site[]>
}

/** One reading of the list, with its indexes. */
export interface Register {
  readonly sites: readonly Site[]
  readonly byId: ReadonlyMap<string, Site>
  readonly byOrigin: ReadonlyMap<Origin, readonly Site[]>
}

/** Reads the sites once, so that a wrong list stops the hub at its start. `onError` hears of one that is wrong later. */
export async function createSites(
  source: HubConfig['sites'],
  clock: Clock,
  onError: (error: unknown) => void,
): Promise<Sites> {
  let reading: Promise<Register> | undefined
  let readAt = Number.NEGATIVE_INFINITY

  async function read(): Promise<Register> {
    return indexSites(parseSites(typeof source === 'function' ? await source() : source))
  }

  /** A clock that was set back says nothing of the age of the list: it is read again. */
  function isFresh(now: number): boolean {
    return typeof source !== 'function' || (readAt <= now && now - readAt <= SITES_FRESH_MS)
  }

  function register(): Promise<Register> {
    const now = clock()
    if (!reading || !isFresh(now)) {
      readAt = now
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

  await register()
  return {
    all: async () => (await register()).sites,
    byId: async (id) => (await register()).byId.get(id),
    ofOrigin: async (origin) => (await register()).byOrigin.get(origin) ?? [],

    async byOrigin(origin, id) {
      const sites = (await register()).byOrigin.get(origin) ?? []
      if (id !== undefined) return sites.find((site) => site.id === id)
      if (sites.length > 1) {
        const ids = sites.map((site) => `"${site.id}"`).join(' and ')
        throw new IsthmusError('invalid-request', `${origin} serves the sites ${ids}: name one with the option "site".`)
      }
      return sites[0]
    },
  }
}

/** Exported for its test. */
export function indexSites(sites: readonly Site[]): Register {
  const byOrigin = new Map<Origin, Site[]>()
  for (const site of sites) {
    for (const origin of new Set(site.origins)) {
      const known = byOrigin.get(origin)
      if (known) known.push(site)
      else byOrigin.set(origin, [site])
    }
  }
  return { sites, byId: new Map(sites.map((site) => [site.id, site])), byOrigin }
}
