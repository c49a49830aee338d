import { type Origin, RETRY_MAX_MS } from '@isthmus/protocol'
import type { Cause } from '../session/cause.ts'
import type { Event, FromHub, Handlers, Question } from '../session/state.ts'

/** What the machine is told of the way to the hub. */
export type FromTransport = FromHub | Extract<Event, { type: 'frame-failed' | 'frame-removed' }>

/** Why a frame is silent: see `diagnosis/silent-frame.ts`. */
export interface Silence {
  readonly hub: Origin
  readonly frame: HTMLIFrameElement
  /** Whether the frame has loaded anything. */
  readonly hasLoaded: () => boolean
  readonly fail: (cause: Cause) => void
  readonly signal: AbortSignal
}

/** Finds out why the hub is not heard. */
export interface Inspector {
  /** Looks for the cause, and says what it is when the time is over. */
  explain(silence: Silence): Promise<() => Cause>
  /** What plain requests to the hub show; `undefined`: nothing that is wrong. */
  probe(hub: Origin, signal: AbortSignal): Promise<Cause | undefined>
}

export interface ConnectionOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly wantsToken: boolean
  readonly timeoutMs: number
  /** Where the frame shows its button; else it is not seen at all. */
  readonly button: Element | undefined
  readonly onEvent: (event: FromTransport) => void
  readonly inspector: () => Promise<Inspector>
}

/** The way to the hub. */
export interface Connection {
  /** Its frame, if it has one. */
  readonly frame?: HTMLIFrameElement | undefined
  /** Begins anew, and ends in `welcome` or `frame-failed`. After failures it is more patient: a slow network must not begin anew for ever. */
  open(failures: number): void
  /** Asks, over an open way. Ends in an answer or a refusal, by the time-out at the latest, unless the way is closed. */
  send(id: number, question: Question): void
  close(): void
}

/** One way to reach the hub. */
export interface Transport {
  /** Directive of the Content-Security-Policy that has to allow it. */
  readonly directive: 'frame-src' | 'connect-src'
  /** Brings news by itself, and redeems tickets. */
  readonly isLive: boolean
  /** What it adds to the machine. */
  readonly on?: Handlers
  connect(options: ConnectionOptions): Connection
}

/** How long an attempt may take: doubled after each failure. The page was told already that the session is unknown. */
export function patienceAfter(failures: number, timeoutMs: number): number {
  return Math.max(timeoutMs, Math.min(timeoutMs * 2 ** failures, RETRY_MAX_MS))
}
