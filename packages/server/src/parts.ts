import type { Health } from '@isthmus/protocol'
import type { Deliveries } from './backchannel/deliveries.ts'
import type { Settings } from './config/hub-config.ts'
import type { Sites } from './config/sites.ts'
import type { HubEvents } from './hub-events.ts'
import type { Limits } from './limits/limits.ts'
import type { Metrics } from './ops/metrics.ts'
import type { Carriers } from './requests/carriers.ts'
import type { DpopVerifier } from './requests/dpop.ts'
import type { Assets } from './responses/assets.ts'
import type { AnswerSite } from './session/answer.ts'
import type { Guests } from './session/guests.ts'
import type { Sessions } from './session/sessions.ts'
import type { Tickets } from './session/tickets.ts'
import type { Streams } from './streams/streams.ts'
import type { TokenKeys } from './token/keys.ts'
import type { PendingSignIns } from './visits/pending-sign-ins.ts'
import type { RegisteredVisits } from './visits/registered-visits.ts'

/** What a hub is made of; the routes take from it what they need. */
export interface HubParts {
  readonly settings: Settings
  readonly sites: Sites
  readonly sessions: Sessions
  readonly guests: Guests
  readonly tickets: Tickets
  readonly visits: RegisteredVisits
  readonly pendingSignIns: PendingSignIns
  readonly tokenKeys: TokenKeys
  readonly carriers: Carriers
  readonly answer: AnswerSite
  readonly dpop: DpopVerifier
  readonly deliveries: Deliveries
  readonly events: HubEvents
  readonly limits: Limits
  readonly health: () => Promise<Health>
  /** Only with the option `metrics`. */
  readonly metrics: Metrics | undefined
  readonly streams: Streams
  readonly assets: Assets
  /** Aborted when the hub takes no more requests; open streams end with it. */
  readonly draining: AbortSignal
  /** Aborted when the hub closes. */
  readonly closing: AbortSignal
}
