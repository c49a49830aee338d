import type { Session, Snapshot } from '@isthmus/client'

type SignedIn = Extract<Snapshot, { status: 'signed-in' }>
type SignedOut = Extract<Snapshot, { status: 'signed-out' }>
type Unknown = Extract<Snapshot, { status: 'unknown' }>
type User = Extract<SignedIn, { access: 'granted' }>['user']

/** What a page can ask of its session. */
export type FakeMethod = 'signIn' | 'signOut' | 'link' | 'transfer' | 'refresh' | 'extend' | 'diagnose' | 'destroy'

/** One call that was made, with what it was given. */
export interface FakeCall {
  readonly method: FakeMethod
  readonly with: readonly unknown[]
}

/** A session without a hub: it says what the test lets it say, and writes down what is asked of it. */
export interface FakeSession extends Session {
  /** Every call since the start, in order. `subscribe`, `current` and `ready` are no calls. */
  readonly calls: readonly FakeCall[]
  /** How many subscriptions there are: a component that went away holds none. */
  readonly followers: number
  /** Says this, to everyone who follows. */
  set(snapshot: Snapshot): void
  /** A user whom the site admits is signed in. Default: `{ sub: 'user-1' }`. */
  setSignedIn(user?: User): void
  /** A user whom the site's groups do not admit is signed in. Default: `user-1`. */
  setDenied(sub?: string): void
  /** Nobody is signed in. Default: `none`. */
  setSignedOut(reason?: SignedOut['reason']): void
  /** Nothing definite is known; what was said before stands in `last`. Default: `loading`. */
  setUnknown(reason?: Unknown['reason']): void
  /** The next call of this method rejects with this error; the one after does what it always does. */
  failNext(method: Exclude<FakeMethod, 'transfer' | 'destroy'>, error: Error): void
}

const LOADING: Snapshot = { status: 'unknown', reason: 'loading', stale: false }
/** How long a session lives that a test has set, in milliseconds: 30 minutes without activity, and 12 hours at most. */
const IDLE_MS = 30 * 60 * 1000
const ABSOLUTE_MS = 12 * 60 * 60 * 1000

/**
 * A session object for tests of components: any state, no network, no timers, no dependency. No call changes its state;
 * what the hub would say to it is what the test sets.
 *
 * @param start what it says at first; default `unknown`, `loading`
 * @example
 * const session = createFakeSession()
 * render(<SessionProvider session={session}><Header /></SessionProvider>)
 * act(() => session.setSignedIn({ sub: '1', name: 'Ada' }))
 */
export function createFakeSession(start: Snapshot = LOADING): FakeSession {
  let current = start
  let revision = 0
  let makeReady: (snapshot: Snapshot) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })
  const calls: FakeCall[] = []
  const failures = new Map<FakeMethod, Error>()
  const listeners = new Set<() => void>()

  function note(method: FakeMethod, ...given: readonly unknown[]): void {
    calls.push({ method, with: given })
  }

  /** The answer to a call, or the failure that the test has ordered. */
  async function answer<Value>(method: FakeMethod, value: () => Value, ...given: readonly unknown[]): Promise<Value> {
    note(method, ...given)
    const failure = failures.get(method)
    failures.delete(method)
    if (failure) throw failure
    return value()
  }

  function settle(): void {
    const isLoading = current.status === 'unknown' && current.reason === 'loading'
    // What a mirror says is no answer of the hub.
    const isStale = current.status !== 'unknown' && current.stale
    if (!isLoading && !isStale) makeReady(current)
  }

  function set(snapshot: Snapshot): void {
    current = snapshot
    settle()
    for (const notify of [...listeners]) notify()
  }

  /** The fields of a signed-in snapshot that no test asks for. */
  function lifetime(): Pick<SignedIn, 'status' | 'sid' | 'expiresAt' | 'idleExpiresAt' | 'revision' | 'stale'> {
    const now = Date.now()
    revision += 1
    const ends = { expiresAt: now + ABSOLUTE_MS, idleExpiresAt: now + IDLE_MS }
    return { status: 'signed-in', sid: 'session-1', ...ends, revision, stale: false }
  }

  settle()
  return {
    get current() {
      return current
    },
    ready,
    calls,
    get followers() {
      return listeners.size
    },
    subscribe(listener) {
      const notify = (): void => listener(current)
      listeners.add(notify)
      notify()
      return () => listeners.delete(notify)
    },
    set,
    setSignedIn: (user = { sub: 'user-1' }) => set({ ...lifetime(), access: 'granted', user }),
    setDenied: (sub = 'user-1') => set({ ...lifetime(), access: 'denied', user: { sub } }),
    setSignedOut(reason = 'none') {
      revision += 1
      set({ status: 'signed-out', reason, revision, stale: false })
    },
    setUnknown(reason = 'loading') {
      const last = current.status === 'unknown' ? current.last : { ...current, stale: true }
      set({ status: 'unknown', reason, ...(last && { last }), stale: false })
    },
    failNext: (method, error) => void failures.set(method, error),
    signIn: (options) => answer('signIn', () => undefined, ...(options ? [options] : [])),
    signOut: () => answer('signOut', () => undefined),
    link: () => answer('link', () => true),
    transfer(url) {
      note('transfer', url)
      return url
    },
    refresh: () => answer('refresh', () => current),
    extend: () => answer('extend', () => current),
    diagnose: () =>
      answer('diagnose', () => ({
        hub: 'https://auth.example.com',
        site: null,
        carrier: null,
        stream: 'idle',
        lastChange: null,
        findings: [],
      })),
    destroy() {
      note('destroy')
      listeners.clear()
    },
  }
}
