import type { Snapshot } from '@isthmus/protocol'
import type { Diagnosis } from './diagnosis/diagnosis.ts'
import type { Transport } from './hub/transport.ts'
import type { Mirror } from './mirror/mirror.ts'
import type { LinkMode } from './session/state.ts'

/** What `createSession` takes. */
export interface SessionOptions {
  /** Exact origin of the auth domain: `https://auth.example.com`. */
  readonly hub: string
  /** Site id, where one origin serves several sites; default: the one site that this origin is registered for. */
  readonly site?: string
  /**
   * In browsers that keep third-party data apart a site needs a carrier of its own, which a visit of the hub gives.
   * `auto` (default): the page is led there by itself only where there is a reason to believe that somebody is signed in,
   * within its first seconds, and if the user has not begun to use it; otherwise the user's next click on a link of the
   * site passes the hub, once an hour. `eager`: the first page is led there. `manual`: only when you call `link()`.
   * A page that must not be asked for twice says so: `<meta name="isthmus-link" content="stay">`.
   */
  readonly link?: LinkMode
  /**
   * Where else the session is kept, for your back end and for the first paint of the next page; default: nowhere.
   * `cookieMirror()`: a site token in the cookie `isthmus_token`, for pages whose back end only reads it. Scripts can read it, too.
   * `endpointMirror()`: the page hands the token to your own back end, which keeps it in an HttpOnly cookie.
   * Either is cleared when the session ends.
   */
  readonly mirror?: Mirror
  /**
   * How the hub is reached; default: by an unseen frame, and changes are pushed. `fetchTransport()`: by requests of the page
   * itself, for sites that share the hub's registrable domain.
   */
  readonly transport?: Transport
  /**
   * Where the hub's frame shows its own button, "Continue with auth.example.com", while this browser has no link to the
   * hub; hidden otherwise. A click links without leaving the page, if the browser agrees (Storage Access API), and by a
   * visit of the hub if not. Goes with `link: 'manual'`, for sites that prefer a click. The element gives the size.
   */
  readonly button?: HTMLElement
  /** The hub must have answered by then, in milliseconds; default 5000. Later the session is `unknown`. */
  readonly timeoutMs?: number
}

/** One login session, as this page follows it. */
export interface Session {
  /** What is known now. The same object until something changes. */
  readonly current: Snapshot
  /** `document.referrer`, or what it was before the page was led to the hub and back. */
  readonly referrer: string
  /** The first Snapshot that is not `loading`: what the hub said or, by the time-out at the latest, why it said nothing. */
  readonly ready: Promise<Snapshot>
  /** Calls back at once and at every change; call the result to stop. Fits Svelte stores and `useSyncExternalStore`. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void
  /** Leads to the hub's login page, and back to `returnTo` (default: this page), signed in. */
  signIn(options?: { readonly returnTo?: string }): Promise<void>
  /**
   * Ends the session everywhere. Resolves when the hub said so, or when the page leaves for the hub's logout page because
   * no frame can act for the session. Rejects with `IsthmusError` (`unreachable`, `timeout`) if the hub was not told.
   */
  signOut(): Promise<void>
  /** Links this browser partition by a silent visit of the hub. `false` if this tab tried already and nothing changed since. */
  link(): Promise<boolean>
  /**
   * The address that takes the session along to another registered site; any other address comes back as it was.
   * Links with `data-isthmus-transfer` are treated so when they are clicked.
   */
  transfer(url: string): string
  /** Asks the hub now; calls that come while a question is under way share the next one. Gives the Snapshot afterwards, `unknown` included. */
  refresh(): Promise<Snapshot>
  /** The user is still there: pushes the idle end away. Gives the Snapshot afterwards. */
  extend(): Promise<Snapshot>
  /** What works, what does not and why, as data. */
  diagnose(): Promise<Diagnosis>
  /** Ends everything that this object started. Calls that wait are over. */
  destroy(): void
}
