import type { Origin, SiteState } from '@isthmus/protocol'
import { type AgendaKeeper, keepAgenda } from '../agenda/keep-agenda.ts'
import type { Settings } from '../config/hub-config.ts'
import { parseSettings } from '../config/hub-config.ts'
import type { SiteConfig } from '../config/site.ts'
import { createSites, type Sites } from '../config/sites.ts'
import { type HeldTime, holdTime } from '../held-time.test-world.ts'
import { CUSTOMER, HUB, START } from '../hub.test-world.ts'
import { createHubEvents, type HubEventMap } from '../hub-events.ts'
import { createSubjectNames } from '../session/pairwise.ts'
import { describe, type Session } from '../session/session.ts'
import { createSessions, SESSION_TASK, type Sessions } from '../session/sessions.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { createTokenKeys, type TokenKeys } from '../token/keys.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { DELIVERY_TASK } from './delivery.ts'

const nameSubject = createSubjectNames(undefined)

/** What one hub server is made of, as far as it ends sessions and tells of it. */
export interface Server {
  readonly sessions: Sessions
  readonly deliveries: Deliveries
  readonly agenda: AgendaKeeper
  readonly keys: TokenKeys
  /** What it told the program. */
  readonly told: HubEventMap['delivery'][]
  readonly errors: unknown[]
  /** Ends it as `hub.close()` does, but for the store. */
  stop(): Promise<void>
}

/** Hub servers on one store, with one held time. */
export interface Servers {
  readonly store: Store
  now(): number
  pass(ms: number): void
  /** `time`: for a server whose time stands still while that of the others passes. */
  start(time?: HeldTime): Promise<Server>
  /** A session of Customer that was used on these sites. */
  signIn(server: Server, ...sites: string[]): Promise<Session>
  /** What a site is told now, as the routes do it. */
  ask(server: Server, session: Session, site: string): Promise<SiteState>
}

/** What the sites' list says from now on. */
export type Registry = SiteConfig[]

export function createServers(
  registry: Registry,
  { store: given }: { store?: (clock: () => number) => Store } = {},
): Servers {
  const shared = holdTime(START)
  const { clock, pass } = shared
  const store = given?.(clock) ?? memoryStore({ clock })
  const settings: Settings = parseSettings({ origin: HUB, sites: [], store, clock, timer: shared.timer })

  async function sitesOf(): Promise<Sites> {
    // Asked anew every time: the tests change it.
    const read = (): Promise<Sites> => createSites(structuredClone(registry), clock, () => undefined)
    return {
      all: async () => (await read()).all(),
      byId: async (id) => (await read()).byId(id),
      ofOrigin: async (origin) => (await read()).ofOrigin(origin),
      byOrigin: async (origin: Origin, id) => (await read()).byOrigin(origin, id),
    }
  }

  async function ask({ sessions }: Server, session: Session, id: string): Promise<SiteState> {
    const site = await (await sitesOf()).byId(id)
    if (!site) throw new Error(`No site "${id}".`)
    const seen = await sessions.noteSite((await sessions.get(session.sid)) ?? session, site)
    return describe(seen, site, clock())
  }

  return {
    store,
    now: clock,
    pass,
    async start({ clock, timer } = shared) {
      const own = { ...settings, clock, timer }
      const told: HubEventMap['delivery'][] = []
      const errors: unknown[] = []
      const events = createHubEvents()
      events.on('delivery', (event) => told.push(event))
      events.on('error', ({ error }) => errors.push(error))
      const keys = createTokenKeys(own)
      const deliveries = createDeliveries({ ...own, sites: await sitesOf(), keys, events, nameSubject })
      const sessions = createSessions(own, deliveries)
      const doers = { [SESSION_TASK]: sessions.review, [DELIVERY_TASK]: deliveries.resume }
      const agenda = keepAgenda(own, doers, (error) => errors.push(error))
      async function stop(): Promise<void> {
        await agenda.stop()
        await deliveries.close()
      }
      return { sessions, deliveries, agenda, keys, told, errors, stop }
    },
    async signIn(server, ...sites) {
      const { session } = await server.sessions.begin(CUSTOMER)
      for (const id of sites) await ask(server, session, id)
      return session
    },
    ask,
  }
}
