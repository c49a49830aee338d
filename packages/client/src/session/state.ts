import type {
  Carrier,
  ClientToHub,
  ErrorCode,
  HubToClient,
  SiteAnswer,
  Snapshot,
  StreamStatus,
  TabToTab,
  Welcome,
} from '@isthmus/protocol'
import type { Cause } from './cause.ts'

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

/** What a page was opened with. */
export interface Arrival {
  /** The ticket that this tab asked for. */
  readonly ticket?: Ticket | undefined
  /** The page came back from the hub, be it with a ticket that this tab did not ask for. */
  readonly came: boolean
  /** The session that the user brings along from another site, if a link said so. */
  readonly wanted?: string | undefined
  /** What `document.referrer` was before the visit. */
  readonly referrer?: string | undefined
}

/** When the page may go by way of the hub without being asked to. */
export type LinkMode = 'auto' | 'eager' | 'manual'

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

/** Why the page leaves; `visits.ts` has the table of what each needs. */
export type Errand = 'unlinked' | 'ride' | 'link-call' | 'link-click' | 'sign-in' | 'sign-out'

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

  // The last step: transition.ts
  /** When the last event happened, by this browser's clock, in milliseconds since the epoch. */
  readonly now: number
  /** What has to be done for it, in this order. */
  readonly effects: readonly Effect[]

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
  /** When the first frame was opened. */
  readonly begunAt: number
  readonly port: 'opening' | 'open' | 'closed'
  /** When the frame was opened, and what had been taken in then. */
  readonly openedAt: number
  readonly openedAsOf: number
  readonly stream: StreamStatus
  /** Failures in a row; each makes the next pause longer. */
  readonly failures: number
  /** How often in a row the frame was taken away as soon as it was there. */
  readonly removals: number
  readonly questions: readonly Pending[]
  /** Number of the last question. */
  readonly asked: number
  /** Origins of the other registered sites, separated by spaces. */
  readonly peers: string
  /** How far the hub's clock is ahead of this browser's, in milliseconds. */
  readonly aheadMs: number

  // Visits of the hub: departures.ts, visits.ts
  /** Until it is redeemed, the frame would speak for the session before. */
  readonly ticket: Ticket | undefined
  /** Session that the user brings along from another site. */
  readonly wanted: string | undefined
  /** The page came back from a visit of the hub: it does not leave by itself again before a carrier worked. */
  readonly mayLink: boolean
  readonly came: boolean
  /** What `document.referrer` was before the visit that the page came back from. */
  readonly referrer: string | undefined
  readonly leaving: Leaving | undefined
  /** Number of the last departure. */
  readonly departures: number
  /** The browser did not open the tab that the last sign-in from a frame needed. */
  readonly tabRefused: boolean

  // The user: presence.ts
  /** The user does something here: to be led away would disturb, or lose what was written. */
  readonly used: boolean
  /** When the user was last active on any site of this browser, as far as this page knows. */
  readonly activeAt: number
  readonly idleEnd: number

  // Said once
  readonly ready: boolean
  readonly complained: readonly Cause[]
  readonly ended: boolean
}

type AsEvent<M> = M extends unknown ? Readonly<Omit<M, 'isthmus'>> : never

/** What the hub says. Its messages are events as they are. */
export type FromHub = AsEvent<Welcome | HubToClient>

/** All that can happen to a client. */
export type Event =
  /** The page came from the hub, or from a site that gave its session along. */
  | ({ readonly type: 'arrived' } & Arrival)
  | { readonly type: 'begun' }
  | FromHub
  | AsEvent<TabToTab>
  /** A question was answered, or failed with a code; `visit` ends so only where it fails. */
  | { readonly type: 'question-over'; readonly pending: Pending; readonly code: ErrorCode | undefined }
  /** The redemption of the ticket was answered, or failed with a code. */
  | {
      readonly type: 'redeem-over'
      readonly pending: Pending
      readonly code: ErrorCode | undefined
      readonly answer: SiteAnswer | undefined
    }
  /** The frame could not be opened. */
  | { readonly type: 'frame-failed'; readonly cause: Cause }
  /** The page, or an extension, took the frame out of the page; `swapped`: with all that was around it, as page loaders do. */
  | { readonly type: 'frame-removed'; readonly swapped: boolean }
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
  /** A page that came back still waits for its answer. */
  | { readonly type: 'repeat-due' }
  | { readonly type: 'active' }
  | { readonly type: 'edited' }
  // The calls of the page
  | { readonly type: 'refresh' | 'extend' | 'sign-out' | 'link'; readonly call: number }
  | { readonly type: 'sign-in'; readonly call: number; readonly returnTo: string | undefined }
  /** The user clicked on a link of this site, which can go by way of the hub. */
  | { readonly type: 'ride'; readonly href: string }
  // What became of an effect
  | ({ readonly type: 'prepared' } & Preparation)
  /** The hub did not accept the visit with this challenge, or could not be asked. */
  | {
      readonly type: 'visit-refused'
      readonly to: Departure['to']
      readonly challenge: string | undefined
    }
  /** The page did not leave after all: the hub hangs, the user stopped the tab, or there was nothing to leave with. */
  | { readonly type: 'stayed'; readonly departure: number }
  /** The page is in a frame, and the browser opened no tab for the hub. */
  | { readonly type: 'tab-refused'; readonly departure: number }
  | { readonly type: 'destroyed' }

/** What the page is like at the moment before it leaves. */
export interface Preparation {
  readonly departure: number
  /** Address of this page. */
  readonly href: string
  readonly visible: boolean
  /** The user has begun to do something with it. */
  readonly isUsed: boolean
  /** It must not be asked for twice: it says so, or looks so. */
  readonly stays: boolean
  /** The tab was led away from this address before. */
  readonly wasLed: boolean
  /** Somebody may be signed in: the user came from another site of the hub, or was signed in here before. */
  readonly hasReason: boolean
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
  readonly errand: Errand
}

/** What has to be done after a transition; the wiring does it. */
export type Effect =
  | { readonly type: 'announce' }
  | { readonly type: 'ready' }
  | { readonly type: 'complain'; readonly cause: Cause }
  /** To the other tabs of this site. */
  | { readonly type: 'relay'; readonly answer: SiteAnswer }
  | { readonly type: 'open-frame'; readonly failures: number }
  | { readonly type: 'send'; readonly id: number; readonly question: Question }
  | { readonly type: 'retry-after'; readonly failures: number }
  | { readonly type: 'renew-later' }
  | { readonly type: 'repeat-later' }
  /** What the next page and the back end find; without a token: nothing, as the session is over. */
  | { readonly type: 'mirror'; readonly token: string | undefined; readonly cookieDomain: string | undefined }
  /** The ticket was redeemed, or refused with this code. */
  | { readonly type: 'ticket-spent'; readonly refused: ErrorCode | undefined }
  /** The partition's own carrier works: a later loss of it may lead the tab away again. */
  | { readonly type: 'mark'; readonly mark: Mark | undefined }
  | { readonly type: 'prepare'; readonly departure: number }
  | ({ readonly type: 'leave' } & Departure)
  /** The page goes where the user's click led, without the hub. */
  | { readonly type: 'follow'; readonly href: string }
  /** A call of the page is over: with a result, or with the code of an error. */
  | { readonly type: 'settle'; readonly call: number; readonly outcome: boolean | ErrorCode }

/** The state of one step while it is made: a copy, which the handlers of the event change. */
export type Draft = { -readonly [Key in keyof State]: State[Key] } & { effects: Effect[] }

/** What becomes of each event. A part of the client that is loaded later brings its own. */
export type Handlers = {
  [Type in Event['type']]?: (draft: Draft, event: Extract<Event, { type: Type }>, on: Handlers) => void
} & {
  /** What the greeting leads to where the page came with something; whether that settles it. */
  readonly greet?: (draft: Draft, answer: SiteAnswer) => boolean
  /** A feature that keeps tokens: what is known, with the token that goes with it. */
  readonly withToken?: (told: Known, via: Via, known: Known | undefined) => Known
  /** The same: what it does with what was taken in. */
  readonly keep?: (draft: Draft, known: Known | undefined) => void
}

/** What a client begins with. */
export interface Beginning {
  readonly habits: Habits
  /** What the page before left in the mirror, older than anything the hub will say. */
  readonly mirrored?: Known | undefined
}

/** A client that has asked nothing yet. */
export function initialState({ habits, mirrored }: Beginning): State {
  return {
    habits,
    now: 0,
    effects: [],
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
    begunAt: 0,
    openedAt: 0,
    openedAsOf: 0,
    stream: 'idle',
    failures: 0,
    removals: 0,
    questions: [],
    asked: 0,
    peers: '',
    aheadMs: 0,
    ticket: undefined,
    wanted: undefined,
    mayLink: true,
    came: false,
    referrer: undefined,
    leaving: undefined,
    departures: 0,
    tabRefused: false,
    used: false,
    activeAt: Number.NEGATIVE_INFINITY,
    idleEnd: 0,
    ready: false,
    complained: [],
    ended: false,
  }
}
