import {
  FRAME_TIMEOUT_MS,
  IsthmusError,
  isTrustworthyOrigin,
  type Origin,
  parseOrigin,
  pauseBefore,
  type Snapshot,
  TICKET_FRAGMENT,
} from '@isthmus/protocol'
import type { DiagnosisPart } from './diagnosis/diagnosis-part.ts'
import { frameTransport } from './hub/frame-transport.ts'
import { whenShown } from './page/when-shown.ts'
import type { Client, Part, Performers } from './part.ts'
import type { Parts } from './parts.ts'
import { openCalls } from './session/calls.ts'
import { type Effect, type Event, type Handlers, initialState } from './session/state.ts'
import { core, transition } from './session/transition.ts'
import type { Session, SessionOptions } from './session.ts'
import { transferHref } from './travel/transfer.ts'

/** The part that an effect loads first; the other effects of these parts come after it, and all else is the page's. */
const PART_OF: { readonly [Type in Effect['type']]?: keyof Parts } = { complain: 'diagnosis', prepare: 'travel' }

/** Whether the page was opened with a ticket, or with a session that is brought along. What of that is true, the part finds out. */
const ARRIVAL = new RegExp(`^#[!/]*${TICKET_FRAGMENT}(?:=|%3D)`, 'i')
let isArrival = false

/** The wiring: events into the machine, and what is done for its effects. `parts`: how the parts are loaded that not every page needs. */
export function followSession(options: SessionOptions, parts: Parts): Session {
  const { site, link = 'auto', button, timeoutMs = FRAME_TIMEOUT_MS, transport = frameTransport } = options
  const hub = exactOrigin(options.hub)
  const mirror = options.mirror?.open(hub, site)
  isArrival ||= ARRIVAL.test(location.hash)
  // A ticket, or a session that is brought along, can belong to another user than the mirror says.
  if (isArrival) mirror?.clear()
  const { isLive } = transport
  let state = initialState({
    habits: { site, link, mirrors: mirror !== undefined, polls: !isLive, redeems: isLive, embedded: window !== top },
    mirrored: mirror?.read(),
  })
  const on: Handlers = { ...core, ...transport.on, ...options.mirror?.on }
  const ending = new AbortController()
  const { signal } = ending
  const calls = openCalls()
  const listeners = new Set<() => void>()
  const timers: Record<string, ReturnType<typeof setTimeout>> = {}
  const events: Event[] = []
  const loaded: Record<string, Promise<Part>> = {}
  let makeReady: (snapshot: Snapshot) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })
  const connection = transport.connect({
    hub,
    site,
    wantsToken: mirror !== undefined,
    timeoutMs,
    button,
    onEvent: dispatch,
    inspector: diagnosis,
  })

  /** One event after the other: what an effect brings about comes after the effects of its own step. */
  function dispatch(event: Event): void {
    if (events.push(event) > 1) return
    for (let next: Event | undefined = event; next; events.shift(), next = events[0]) {
      state = transition(on, state, next, Date.now())
      state.effects.forEach(perform)
    }
  }

  const performers: Performers = {
    announce() {
      for (const notify of [...listeners]) notify()
      load('page').catch(noop)
    },
    ready: () => makeReady(state.snapshot),
    'open-frame': ({ failures }) => connection.open(failures),
    send: ({ id, question }) => connection.send(id, question),
    'retry-after': ({ failures }) => later({ type: 'retry-due' }, pauseBefore(failures)),
    mirror({ token, cookieDomain }) {
      if (token === undefined) mirror?.clear()
      else mirror?.keep(token, cookieDomain)
    },
    settle: calls.settle,
  }

  async function perform(effect: Effect): Promise<void> {
    const { type } = effect
    try {
      if (!performers[type]) await load(PART_OF[type] ?? 'page')
      performers[type]?.(effect as never)
    } catch {
      // Its part cannot be loaded.
      if (type === 'prepare') dispatch({ type: 'stayed', departure: effect.departure })
      if (type === 'complain') console.warn(`isthmus: ${effect.cause}`)
    }
  }

  /** Loads a part, once. */
  function load(name: keyof Parts): Promise<Part> {
    loaded[name] ??= parts[name]().then((part) => {
      Object.assign(on, part.on)
      if (!signal.aborted) Object.assign(performers, part.start(client))
      return part
    })
    return loaded[name]
  }
  function diagnosis(): Promise<DiagnosisPart> {
    return load('diagnosis') as Promise<DiagnosisPart>
  }

  function later(event: Event, ms: number): void {
    clearTimeout(timers[event.type])
    timers[event.type] = setTimeout(dispatch, ms, event)
  }

  function subscribe(listener: (snapshot: Snapshot) => void): () => void {
    // Each subscription is one of its own, be it of the same listener.
    const notify = (): void => {
      try {
        listener(state.snapshot)
      } catch (error) {
        // One listener that throws must not keep the news from the others.
        reportError(error)
      }
    }
    listeners.add(notify)
    notify()
    return () => listeners.delete(notify)
  }

  function transfer(url: string): string {
    const { snapshot, peers } = state
    return transferHref(url, snapshot.status === 'signed-in' ? snapshot.sid : undefined, peers)
  }

  /** A call of the page: what becomes of it, a part knows. */
  async function call(event: (call: number) => Event): Promise<boolean> {
    await load('page').catch(unreachable)
    return calls.wait((number) => dispatch(event(number)))
  }

  /** The Snapshot after a call, be it that the call failed. */
  async function after(type: 'refresh' | 'extend'): Promise<Snapshot> {
    await call((number) => ({ type, call: number })).catch(noop)
    return state.snapshot
  }

  const client: Client = {
    hub,
    site,
    transport,
    timeoutMs,
    signal,
    state: () => state,
    frame: () => connection.frame,
    dispatch,
    later,
    subscribe,
    transfer,
    load,
  }
  if (button) {
    subscribe(() => {
      button.hidden = state.cause !== 'partitioned'
    })
  }
  whenShown(async () => {
    // In a frame a click opens a tab: WebKit opens none that waited for a part.
    if (isArrival || state.habits.embedded) await load('travel').catch(noop)
    dispatch({ type: 'begun' })
  }, signal)

  return {
    get current() {
      return state.snapshot
    },
    get referrer() {
      return state.referrer ?? document.referrer
    },
    ready,
    subscribe,
    async signIn({ returnTo: given } = {}) {
      const returnTo = given === undefined ? undefined : new URL(given, location.href).href
      await call((number) => ({ type: 'sign-in', call: number, returnTo }))
    },
    async signOut() {
      await call((number) => ({ type: 'sign-out', call: number }))
    },
    link: () => call((number) => ({ type: 'link', call: number })),
    transfer,
    refresh: () => after('refresh'),
    extend: () => after('extend'),
    diagnose: async () => (await diagnosis()).diagnose(client),
    destroy() {
      dispatch({ type: 'destroyed' })
      ending.abort()
      connection.close()
      listeners.clear()
    },
  }
}

function exactOrigin(given: string): Origin {
  const hub = parseOrigin(given)
  if (hub && isTrustworthyOrigin(hub)) return hub
  throw new IsthmusError(
    'config-invalid',
    `hub must be an origin such as "https://auth.example.com", not ${JSON.stringify(given)}.`,
  )
}

function noop(): void {}

function unreachable(cause: unknown): never {
  throw new IsthmusError('unreachable', undefined, { cause })
}
