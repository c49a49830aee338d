import { type Bounce, ENDPOINTS, type Origin, RETURN_TO_LIMIT, TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'
import { reportCorrupt } from './report-corrupt.ts'

/** What came back in the fragment, with what this tab kept for it. */
export interface Arrival {
  readonly ticket: string
  readonly verifier: string
}

/** The top-level visits to the hub, and what the tab remembers of them. */
export interface Bouncer {
  /** The ticket that this tab asked for, if the page was opened with it. The URL is clean afterwards. */
  readonly arrival: Arrival | undefined
  /** The session that the user brings along from another site, if a link said so. */
  readonly wanted: string | undefined
  /**
   * A bounce that nobody asked for: no window is shown, at most once until {@link Bouncer.settle} unless forced.
   * `moved`: the carrier works, and this browser has another session by now. `false`: not now.
   */
  link(force: boolean, moved: boolean): Promise<boolean>
  /** To the login page, and back to `returnTo`. */
  signIn(returnTo: string): Promise<void>
  /** To the common logout page, and back. */
  signOut(): void
  /** The ticket was redeemed, or refused. */
  redeemed(): void
  /** The carrier works: the next loss of it may bounce again. */
  settle(): void
}

/**
 * The mark of a tab that was led away: it left; then it came back, and the carrier worked. Whether that outlives the page
 * is only known on the next one: where the browser keeps nothing, each page would bounce.
 */
const LEFT = 'left'
const WORKED = 'worked'

const VERIFIER = /^[\w-]{43}$/

/** What waits in sessionStorage while the tab is away. */
interface Pending {
  readonly verifier: string
  /** The page to restore, to the letter, with the fragment that no server saw. */
  readonly href: string
}

export function createBouncer(hub: Origin, site: string | undefined): Bouncer {
  const keys = { pending: `isthmus:pending:${hub}`, tried: `isthmus:tried:${hub}` }
  const wanted = takeHint()
  const { arrival, came } = arrive(keys.pending)
  // A page that just came back does not leave again, even where nothing can be kept.
  let mayLink = !came
  let departures = 0

  function address(path: string, returnTo: string, more: Partial<Bounce>): string {
    const input: Bounce = { return_to: returnTo, ...(site !== undefined && { site }), ...more }
    return `${hub}${path}?${new URLSearchParams(input)}`
  }

  async function go(path: string, returnTo: string, prompt?: 'none'): Promise<void> {
    const departure = ++departures
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
    const kept = write(keys.pending, JSON.stringify({ verifier, href: returnTo } satisfies Pending))
    const challenge = await s256(verifier)
    // Who clicks on "sign in" meanwhile goes there.
    if (departure !== departures) return
    // Only a tab that can keep nothing has to show its fragment to the hub, or lose it.
    const back = kept ? withoutFragment(returnTo) : returnTo
    const to = address(path, back, { ...(prompt && { prompt }), ...(kept && { challenge }) })
    nameThisPage()
    // A bounce leaves no entry in the history: "back" leads to the page before.
    if (prompt) location.replace(to)
    else location.assign(to)
  }

  return {
    arrival,
    wanted,
    async link(force, moved) {
      const tried = readOwn(keys.tried, (mark) => (mark === LEFT || mark === WORKED) && mark)
      if (!force && (!mayLink || (tried && !(moved && tried === WORKED)))) return false
      // The hub would keep a user whose address it cannot take back.
      if (withoutFragment(location.href).length > RETURN_TO_LIMIT) return false
      // Without a place for the verifier the ticket could not be redeemed.
      if (!write(keys.tried, LEFT)) return false
      mayLink = false
      await go(ENDPOINTS.link.path, location.href, 'none')
      return true
    },
    signIn: (returnTo) => go(ENDPOINTS.login.path, new URL(returnTo, location.href).href),
    signOut() {
      nameThisPage()
      location.assign(address(ENDPOINTS.logout.path, withoutFragment(location.href), {}))
    },
    redeemed() {
      if (readPending(keys.pending).verifier === arrival?.verifier) remove(keys.pending)
    },
    settle() {
      mayLink = true
      if (came) write(keys.tried, WORKED)
      else remove(keys.tried)
    },
  }
}

/** The hub goes along only with a page that names itself (Referer): the page's own policy may keep browsers from it. */
function nameThisPage(): void {
  document.head.append(Object.assign(document.createElement('meta'), { name: 'referrer', content: 'origin' }))
}

/** Takes the hint of a transfer out of the URL: what it held before is there again. */
function takeHint(): string | undefined {
  const [, sid, , fragment] =
    new RegExp(`^#/?${TICKET_FRAGMENT}=${TRANSFER_HINT}([\\w-]+)(&(.*))?$`).exec(location.hash) ?? []
  if (sid !== undefined) restore(fragment)
  return sid
}

/**
 * Takes the ticket out of the URL before anybody else looks at it. One that this tab did not ask for is thrown away: login
 * CSRF. What is kept stays until the ticket is redeemed: a site may load the page anew, at an address of its own.
 */
function arrive(pendingKey: string): { arrival: Arrival | undefined; came: boolean } {
  const [, ticket] = new RegExp(`^#/?${TICKET_FRAGMENT}=([\\w-]{43})$`).exec(location.hash) ?? []
  if (ticket === undefined) return { arrival: undefined, came: false }
  const { verifier, href } = readPending(pendingKey)
  const [, ...fragment] = String(href).split('#')
  restore(fragment.length > 0 ? fragment.join('#') : undefined)
  if (verifier === undefined) reportCorrupt(`URL fragment ${TICKET_FRAGMENT}`)
  return { arrival: verifier === undefined ? undefined : { ticket, verifier }, came: true }
}

/**
 * Puts the page's own fragment back into the URL, or none. A real navigation: hash routers hear of it, :target matches,
 * the page scrolls there.
 */
function restore(fragment: string | undefined): void {
  const { state } = history
  location.replace(`#${fragment ?? ''}`)
  if (fragment === undefined) history.replaceState(state, '', withoutFragment(location.href))
}

function withoutFragment(url: string): string {
  return url.split('#', 1)[0] as string
}

async function s256(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}

function base64url(bytes: Uint8Array): string {
  // 32 bytes make 43 letters, and one sign to fill up.
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}

function readPending(key: string): Partial<Pending> {
  const pending = readOwn(key, (text) => {
    const { verifier, href } = JSON.parse(text) as Partial<Pending>
    return typeof verifier === 'string' && VERIFIER.test(verifier) && typeof href === 'string' && { verifier, href }
  })
  return pending || {}
}

/** What is kept, if we wrote it. Anything else goes, and is reported. */
function readOwn<T>(key: string, parse: (text: string) => T): T | undefined {
  const text = read(key)
  if (typeof text !== 'string') return undefined
  const own = attempt(() => parse(text))
  if (own) return own
  remove(key)
  reportCorrupt(`sessionStorage ${key}`)
  return undefined
}

function read(key: string): string | null | undefined {
  return attempt(() => sessionStorage.getItem(key))
}

function write(key: string, value: string): boolean | undefined {
  return attempt(() => {
    sessionStorage.setItem(key, value)
    return true
  })
}

function remove(key: string): void {
  attempt(() => sessionStorage.removeItem(key))
}

/** A user may have switched storage off: every use can throw. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
