import { type ErrorCode, type Origin, RETRY_MAX_MS, type SiteAnswer, type StreamStatus } from '@isthmus/protocol'
import type { Cause } from '../diagnosis/cause.ts'
import type { Question } from '../session/state.ts'

/** What comes from the hub: the machine's events of the same names. */
export type FromHub =
  | {
      readonly type: 'greeted'
      readonly answer: SiteAnswer
      readonly peers: readonly string[]
      readonly aheadMs: number
    }
  | { readonly type: 'answered'; readonly id: number; readonly answer: SiteAnswer }
  | { readonly type: 'registered'; readonly id: number; readonly visit: string }
  | { readonly type: 'refused'; readonly id: number; readonly code: ErrorCode }
  | { readonly type: 'told'; readonly via: 'push'; readonly answer: SiteAnswer }
  | { readonly type: 'stream'; readonly status: StreamStatus }
  | { readonly type: 'bounce' }
  | { readonly type: 'frame-failed'; readonly cause: Cause }
  | { readonly type: 'frame-removed'; readonly soon: boolean }

export interface ConnectionOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly wantsToken: boolean
  readonly timeoutMs: number
  /** Where the frame shows its button; else it is not seen at all. */
  readonly button: Element | undefined
  readonly onEvent: (event: FromHub) => void
}

/** The way to the hub. */
export interface Connection {
  /** Begins anew, and ends in `greeted` or `frame-failed`. After failures it is more patient: a slow network must not begin anew for ever. */
  open(failures: number): void
  /** Asks, over an open way. Ends in `answered` or `refused`, by the time-out at the latest, unless the way is closed. */
  send(id: number, question: Question): void
  close(): void
}

/** One way to reach the hub. */
export interface Transport {
  /** Directive of the Content-Security-Policy that has to allow it. */
  readonly directive: 'frame-src' | 'connect-src'
  /** Brings news by itself, and redeems tickets. */
  readonly isLive: boolean
  connect(options: ConnectionOptions): Connection
}

/** How long an attempt may take: doubled after each failure. The page was told already that the session is unknown. */
export function patienceAfter(failures: number, timeoutMs: number): number {
  return Math.max(timeoutMs, Math.min(timeoutMs * 2 ** failures, RETRY_MAX_MS))
}
