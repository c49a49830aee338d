import type { HubPageData } from '@isthmus/protocol'

/** What the inline greeter leaves behind for the hub page's script, which is loaded afterwards. */
export interface Greeting {
  readonly data: HubPageData
  /** The hub's end of the greeting's channel, where the embedder was greeted; what comes over it waits until it is listened to. */
  readonly port: MessagePort | undefined
  /** Window messages that came meanwhile. */
  readonly heard: readonly MessageEvent[]
  /** The script listens itself from now on. */
  stop(): void
}

/** Where the greeter leaves it: both stand in one document. */
export interface GreetedWindow {
  isthmusGreeting?: Greeting
}
