import type { Carrier, ClientToHub, ErrorCode, SiteAnswer, Snapshot, StreamStatus } from '@isthmus/protocol'
import type { Cause } from '../diagnosis/cause.ts'

/** The last definite word of the hub. */
export type Known = Exclude<Snapshot, { status: 'unknown' }>

/** How an answer came: in the frame's greeting, to a question, by itself, or from another tab. */
export type Via = 'frame' | 'answer' | 'push' | 'tab'

/** The last change that was taken in. */
export interface Change {
  /** When, by this browser's clock, in milliseconds since the epoch. */
  readonly at: number
  readonly via: Via
  /** How long after it was made at the hub, in milliseconds, where the two clocks agree; `null` if it did not come live. */
  readonly delayMs: number | null
}

type Unnumbered<M> = M extends unknown ? Omit<M, 'isthmus' | 'id'> : never

/** What the client can ask over the port. */
export type Question = Unnumbered<ClientToHub>

/** A question on its way, or held back until it may be sent. */
export interface Pending {
  readonly id: number
  readonly question: Question
  readonly sent: boolean
  /** What had been taken in when it was sent; see `answers.ts`. */
  readonly asOf: number
  /** Asked before the page was left: the answer says nothing of the hub now. */
  readonly void: boolean
  /** The calls of the page that wait for it. */
  readonly calls: readonly number[]
}

/** What a page that was opened with a ticket has in its hand. */
export interface Ticket {
  readonly ticket: string
  readonly verifier: string
}

/** When the page may leave for the hub without a click. */
export type LinkMode = 'auto' | 'manual'

/** How this client lives; it never changes. */
export interface Habits {
  /** Configured site id. */
  readonly site: string | undefined
  /** What the hub says is kept where the site's back end and the next page find it. */
  readonly mirrors: boolean
  /** No stream brings the news: the hub has to be asked again. */
  readonly polls: boolean
  /** A ticket can be redeemed: by the hub's frame, and by nothing else. */
  readonly redeems: boolean
  readonly link: LinkMode
  /** The page is in a frame of another one, and leads nobody away. */
  readonly embedded: boolean
}

/** Why the page leaves; `travel.ts` has the table of what each needs. */
export type Errand = 'unlinked' | 'link-call' | 'link-click' | 'sign-in' | 'sign-out'

/** The page is about to leave for the hub. */
export interface Leaving {
  readonly departure: number
  readonly errand: Errand
  /** Where to come back to; `undefined`: this page. */
  readonly returnTo: string | undefined
  readonly call: number | undefined
  /** Where the page goes as soon as the hub has accepted the visit. */
  readonly planned: Departure | undefined
}

/** All that the client knows; only the transition makes a new one. */
export interface State {
  readonly habits: Habits

  // What is known: answers.ts
  readonly snapshot: Snapshot
  /** What the hub said last; kept through every failure. */
  readonly known: Known | undefined
  /** Counts what was taken in. */
  readonly taken: number
  /** Site id that the hub answered for. */
  readonly site: string | null
  readonly carrier: Carrier | null
  /** The Domain that the hub allows for the mirror's cookie; without it the cookie is this host's alone. */
  readonly cookieDomain: string | undefined
  /** Why the session is unknown; `undefined` while it is known, or loading. */
  readonly cause: Cause | undefined
  /** The page was restored, and not answered since: all else may have lain in the port while it was away. */
  readonly restoring: boolean
  readonly lastChange: Change | null
  /** Highest revision that was announced. */
  readonly newest: number

  // The way to the hub: liveness.ts, questions.ts
  readonly port: 'opening' | 'open' | 'closed'
  /** What had been taken in when the frame was opened. */
  readonly openedAsOf: number
  readonly stream: StreamStatus
  /** Failures in a row; each makes the next pause longer. */
  readonly failures: number
  /** How often in a row the frame was taken away as soon as it was there. */
  readonly removals: number
  readonly questions: readonly Pending[]
  /** Number of the last question. */
  readonly asked: number
  /** Origins of the other registered sites. */
  readonly peers: readonly string[]
  /** How far the hub's clock is ahead of this browser's, in milliseconds. */
  readonly aheadMs: number

  // Visits of the hub: travel.ts
  /** Until it is redeemed, the frame would speak for the session before. */
  readonly ticket: Ticket | undefined
  /** Session that the user brings along from another site. */
  readonly wanted: string | undefined
  /** The page came back from a visit of the hub: it does not leave by itself again before a carrier worked. */
  readonly mayLink: boolean
  readonly came: boolean
  readonly leaving: Leaving | undefined
  /** Number of the last departure. */
  readonly departures: number

  // The user: user.ts
  /** The user wrote something: leaving the page now would lose it. */
  readonly edited: boolean
  /** When the user was last active on any site of this browser, as far as this page knows. */
  readonly activeAt: number
  readonly idleEnd: number

  // Said once
  readonly ready: boolean
  readonly complained: readonly Cause[]
  readonly ended: boolean
}

/** All that can happen to a client. */
export type Event =
  | { readonly type: 'begun' }
  | {
      readonly type: 'greeted'
      readonly answer: SiteAnswer
      readonly peers: readonly string[]
      readonly aheadMs: number
    }
  | { readonly type: 'told'; readonly via: 'push' | 'tab'; readonly answer: SiteAnswer }
  | { readonly type: 'answered'; readonly id: number; readonly answer: SiteAnswer }
  /** The hub accepted a visit, and has given it a short name. */
  | { readonly type: 'registered'; readonly id: number; readonly visit: string }
  | { readonly type: 'refused'; readonly id: number; readonly code: ErrorCode }
  | { readonly type: 'stream'; readonly status: StreamStatus }
  /** The user clicked on the hub's button, and its frame was given no access: a visit that is asked for. */
  | { readonly type: 'bounce' }
  /** The frame could not be opened. */
  | { readonly type: 'frame-failed'; readonly cause: Cause }
  /** The page, or an extension, took the frame out of the page, which had an open port. */
  | { readonly type: 'frame-removed'; readonly soon: boolean }
  | { readonly type: 'retry-due' }
  /** It is a while since the hub was heard: a token grows old, or news may be out. */
  | { readonly type: 'renewal-due' }
  /** The session should have ended by now. */
  | { readonly type: 'end-due' }
  /** The user looks at the page, or the network is back. */
  | { readonly type: 'looked-at' }
  /** The page is left, for good or for the back-forward cache. */
  | { readonly type: 'left' }
  /** The page came back from the back-forward cache: pushes were missed. */
  | { readonly type: 'restored' }
  | { readonly type: 'active' }
  | { readonly type: 'edited' }
  // The calls of the page
  | { readonly type: 'refresh' | 'extend' | 'sign-out' | 'link'; readonly call: number }
  | { readonly type: 'sign-in'; readonly call: number; readonly returnTo: string | undefined }
  // What became of an effect
  | ({ readonly type: 'prepared' } & Preparation)
  /** The page did not leave after all: the hub hangs, the user stopped the tab, or there was nothing to leave with. */
  | { readonly type: 'stayed'; readonly departure: number }
  | { readonly type: 'destroyed' }

/** What the page is like at the moment before it leaves. */
export interface Preparation {
  readonly departure: number
  /** Address of this page. */
  readonly href: string
  readonly visible: boolean
  /** What the tab remembers of earlier visits. */
  readonly mark: Mark | undefined
  /** Whether the tab can keep anything. */
  readonly keeps: boolean
  /** S256 of the verifier that the tab will keep. */
  readonly challenge: string
}

/**
 * The mark of a tab that was led away: it left; then it came back, and the carrier worked. Whether that outlives the page
 * is only known on the next one: where the browser keeps nothing, each page would leave.
 */
export type Mark = 'left' | 'worked'

/** Where the page goes. */
export interface Departure {
  readonly departure: number
  readonly to: 'link' | 'login' | 'logout'
  readonly returnTo: string
  /** Without one the user comes back without a ticket. */
  readonly challenge: string | undefined
  /** Name of the visit, where the hub has registered it; else the address tells all. */
  readonly visit: string | undefined
}

/** What has to be done after a transition; the wiring does it, in this order. */
export type Effect =
  | { readonly type: 'announce'; readonly via: Via | undefined }
  | { readonly type: 'ready' }
  | { readonly type: 'complain'; readonly cause: Cause }
  /** To the other tabs of this site. */
  | { readonly type: 'relay'; readonly answer: SiteAnswer }
  | { readonly type: 'open-frame'; readonly failures: number }
  | { readonly type: 'send'; readonly id: number; readonly question: Question }
  | { readonly type: 'retry-after'; readonly failures: number }
  | { readonly type: 'renew-later' }
  /** What the next page and the back end find; without a token: nothing, as the session is over. */
  | { readonly type: 'mirror'; readonly token: string | undefined; readonly cookieDomain: string | undefined }
  /** The ticket was redeemed, or refused with this code. */
  | { readonly type: 'ticket-spent'; readonly refused: ErrorCode | undefined }
  /** The partition's own carrier works: a later loss of it may lead the tab away again. */
  | { readonly type: 'mark'; readonly mark: Mark | undefined }
  | { readonly type: 'prepare'; readonly departure: number }
  | ({ readonly type: 'leave' } & Departure)
  /** A call of the page is over: with a result, or with the code of an error. */
  | { readonly type: 'settle'; readonly call: number; readonly outcome: boolean | ErrorCode }

export type Step = readonly [State, ...Effect[]]

/** What a client begins with. */
export interface Beginning {
  readonly habits?: Partial<Habits>
  /** The page was opened with a ticket. */
  readonly ticket?: Ticket | undefined
  /** It came back from the hub, be it without a ticket that it asked for. */
  readonly came?: boolean
  /** Session that the user brings along from another site. */
  readonly wanted?: string | undefined
  /** What the page before left in the mirror, older than anything the hub will say. */
  readonly mirrored?: Known | undefined
}

const HABITS: Habits = {
  site: undefined,
  mirrors: false,
  polls: false,
  redeems: true,
  link: 'auto',
  embedded: false,
}

/** A client that has asked nothing yet. */
export function initialState({ habits, ticket, came = ticket !== undefined, wanted, mirrored }: Beginning = {}): State {
  return {
    habits: { ...HABITS, ...habits },
    snapshot: mirrored ?? { status: 'unknown', reason: 'loading', stale: false },
    known: mirrored,
    taken: 0,
    site: null,
    carrier: null,
    cookieDomain: undefined,
    cause: undefined,
    restoring: false,
    lastChange: null,
    newest: 0,
    port: 'closed',
    openedAsOf: 0,
    stream: 'idle',
    failures: 0,
    removals: 0,
    questions: [],
    asked: 0,
    peers: [],
    aheadMs: 0,
    ticket,
    // A ticket in hand comes first: two errands at once would wait for each other.
    wanted: ticket ? undefined : wanted,
    mayLink: !came,
    came,
    leaving: undefined,
    departures: 0,
    edited: false,
    activeAt: Number.NEGATIVE_INFINITY,
    idleEnd: 0,
    ready: false,
    complained: [],
    ended: false,
  }
}

/** One step after another: the effects of both, in order. */
export function andThen([state, ...effects]: Step, next: (state: State) => Step): Step {
  const [last, ...more] = next(state)
  return [last, ...effects, ...more]
}
