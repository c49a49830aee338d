import { type Bounce, ENDPOINTS, type Origin, TICKET_FRAGMENT, TRANSFER_HINT } from '@isthmus/protocol'

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
  /** A bounce that nobody asked for: no window is shown, at most once until {@link Bouncer.settle} unless forced. `false`: not now. */
  link(force?: boolean): Promise<boolean>
  /** To the login page, and back to `returnTo`. */
  signIn(returnTo: string): Promise<void>
  /** To the common logout page, and back. */
  signOut(): void
  /** The carrier works: the next loss of it may bounce again. */
  settle(): void
}

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
    const input: Bounce = { return_to: withoutFragment(returnTo), ...(site !== undefined && { site }), ...more }
    return `${hub}${path}?${new URLSearchParams(input)}`
  }

  async function go(path: string, returnTo: string, prompt?: 'none'): Promise<void> {
    const departure = ++departures
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
    const kept = write(keys.pending, JSON.stringify({ verifier, href: returnTo } satisfies Pending))
    const challenge = await s256(verifier)
    // Who clicks on "sign in" meanwhile goes there.
    if (departure !== departures) return
    const to = address(path, returnTo, { ...(prompt && { prompt }), ...(kept && { challenge }) })
    // A bounce leaves no entry in the history: "back" leads to the page before.
    if (prompt) location.replace(to)
    else location.assign(to)
  }

  return {
    arrival,
    wanted,
    async link(force = false) {
      // Without a place for the verifier the ticket could not be redeemed.
      if (!force && (!mayLink || read(keys.tried))) return false
      if (!write(keys.tried, '1')) return false
      mayLink = false
      await go(ENDPOINTS.link.path, location.href, 'none')
      return true
    },
    signIn: (returnTo) => go(ENDPOINTS.login.path, new URL(returnTo, location.href).href),
    signOut() {
      location.assign(address(ENDPOINTS.logout.path, location.href, {}))
    },
    settle() {
      mayLink = true
      remove(keys.tried)
    },
  }
}

/** Takes the hint of a transfer out of the URL: what it held before is there again. */
function takeHint(): string | undefined {
  const [, sid, , fragment] =
    new RegExp(`^#${TICKET_FRAGMENT}=${TRANSFER_HINT}([\\w-]+)(&(.*))?$`).exec(location.hash) ?? []
  if (sid !== undefined) restore(fragment)
  return sid
}

/** Takes the ticket out of the URL before anybody else looks at it. One that this tab did not ask for is thrown away: login CSRF. */
function arrive(pendingKey: string): { arrival: Arrival | undefined; came: boolean } {
  const [, ticket] = new RegExp(`^#${TICKET_FRAGMENT}=([\\w-]{43})$`).exec(location.hash) ?? []
  if (ticket === undefined) return { arrival: undefined, came: false }
  const { verifier, href } = readPending(pendingKey)
  remove(pendingKey)
  const [path, ...fragment] = String(href).split('#')
  const mine = path === withoutFragment(location.href)
  restore(mine && fragment.length > 0 ? fragment.join('#') : undefined)
  return { arrival: mine ? { ticket, verifier: String(verifier) } : undefined, came: true }
}

/** Puts the page's own fragment back into the URL, or none. */
function restore(fragment: string | undefined): void {
  history.replaceState(history.state, '', withoutFragment(location.href))
  // A real navigation to the fragment: hash routers hear of it, :target matches, the page scrolls there.
  if (fragment !== undefined) location.replace(`#${fragment}`)
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

/** Nothing, where it holds what somebody else wrote. */
function readPending(key: string): Partial<Pending> {
  return attempt(() => JSON.parse(read(key) as string) as Partial<Pending>) ?? {}
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
