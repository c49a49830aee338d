import type { Diagnosis, Session, Snapshot } from '@isthmus/client'
import { signedOut, unknown } from './snapshots.ts'

type Act = Exclude<keyof Session, 'current' | 'referrer' | 'ready' | 'subscribe'>

/** One call of an act, and what it was called with. */
export type Call = { readonly [Name in Act]: { readonly act: Name; readonly args: Parameters<Session[Name]> } }[Act]

/** A `Session` that a test leads: it asks no hub, leaves no page and starts no timer. */
export interface FakeSession extends Session {
  /** Every call of an act, in order: `{ act: 'signIn', args: [{ returnTo: '/' }] }`. */
  readonly calls: readonly Call[]
  /** How many listeners are subscribed: 0 after everything was unmounted. */
  readonly listeners: number
  /** Makes `snapshot` the current one and calls every listener. */
  set(snapshot: Snapshot): void
}

const DIAGNOSIS: Diagnosis = {
  hub: 'https://hub.invalid',
  site: 'fake',
  carrier: null,
  stream: 'idle',
  lastChange: null,
  findings: [],
}

/**
 * A session object for unit and component tests.
 *
 * `signOut` signs out, as the hub would; `signIn` and `link`, which lead a page away, change nothing. To let an act fail,
 * replace it with the spy of your test runner: `vi.spyOn(session, 'signOut').mockRejectedValue(error)`.
 *
 * @param first The first snapshot; default: `unknown`, `loading`, as on every page.
 * @example
 * const session = createFakeSession(signedIn({ name: 'Ada' }))
 * render(<IsthmusProvider session={session}><Menu /></IsthmusProvider>)
 * act(() => session.set(signedOut('logout')))
 */
export function createFakeSession(first: Snapshot = unknown()): FakeSession {
  const calls: Call[] = []
  const listeners = new Set<{ readonly listener: (snapshot: Snapshot) => void }>()
  let current = first
  let makeReady: (snapshot: Snapshot) => void = () => {}
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })

  function settle(): void {
    if (current.status !== 'unknown' || current.reason !== 'loading') makeReady(current)
  }

  function set(snapshot: Snapshot): void {
    current = snapshot
    settle()
    for (const { listener } of [...listeners]) listener(current)
  }

  settle()
  return {
    calls,
    referrer: '',
    ready,
    set,
    get current() {
      return current
    },
    get listeners() {
      return listeners.size
    },
    subscribe(listener) {
      // The same function may subscribe twice, and stops twice.
      const entry = { listener }
      listeners.add(entry)
      listener(current)
      return () => void listeners.delete(entry)
    },
    async signIn(...args) {
      calls.push({ act: 'signIn', args })
    },
    async signOut() {
      calls.push({ act: 'signOut', args: [] })
      set(signedOut('logout'))
    },
    async link() {
      calls.push({ act: 'link', args: [] })
      return true
    },
    transfer(url) {
      calls.push({ act: 'transfer', args: [url] })
      return url
    },
    async refresh() {
      calls.push({ act: 'refresh', args: [] })
      return current
    },
    async extend() {
      calls.push({ act: 'extend', args: [] })
      return current
    },
    async diagnose() {
      calls.push({ act: 'diagnose', args: [] })
      return DIAGNOSIS
    },
    destroy() {
      calls.push({ act: 'destroy', args: [] })
      listeners.clear()
    },
  }
}
