import type { Carrier, StreamStatus } from '@isthmus/protocol'
import type { Change } from '../session/state.ts'
import type { Finding } from './findings.ts'

/** What works, what does not, and why. */
export interface Diagnosis {
  readonly hub: string
  /** Site id that the hub answered for; `null` before it did. */
  readonly site: string | null
  /** How the hub frame proves the session; `null` before the first answer. */
  readonly carrier: Carrier | null
  readonly stream: StreamStatus
  readonly lastChange: Change | null
  readonly findings: readonly Finding[]
}
