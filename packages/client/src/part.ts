import type { Origin, Snapshot } from '@isthmus/protocol'
import type { Transport } from './hub/transport.ts'
import type { Effect, Event, Handlers, State } from './session/state.ts'

/** What a part of the client works with. */
export interface Client {
  readonly hub: Origin
  readonly site: string | undefined
  readonly transport: Transport
  readonly timeoutMs: number
  /** Ends with the session object. */
  readonly signal: AbortSignal
  state(): State
  /** The hub page's frame, if there is one. */
  frame(): HTMLIFrameElement | undefined
  dispatch(event: Event): void
  /** Lets an event happen after a while, and no earlier one of its type. */
  later(event: Event, ms: number): void
  subscribe(listener: (snapshot: Snapshot) => void): () => void
  transfer(url: string): string
  /** Loads a part, once. */
  load(name: 'page' | 'travel' | 'diagnosis'): Promise<Part>
}

/** What has to be done for an effect, by type. */
export type Performers = { [Type in Effect['type']]?: (effect: Extract<Effect, { type: Type }>) => void }

/** A part that is loaded when it is needed: what becomes of more events, and who does what they ask for. */
export interface Part {
  readonly on?: Handlers
  start(client: Client): Performers
}
