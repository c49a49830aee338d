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
import { listen } from './page/listeners.ts'
import { whenShown } from './page/when-shown.ts'
import type { Client, Part, Performers } from './part.ts'
import type { Parts } from './parts.ts'
import { openCalls } from './session/calls.ts'
import { type Effect, type Event, type Handlers, initialState } from './session/state.ts'
import { core, transition } from './session/transition.ts'
import type { Session, SessionOptions } from './session.ts'
import { sessionObject } from './session-object.ts'
import { transferHref } from './travel/transfer.ts'

/** Whether the page was opened with a ticket, or with a session that is brought along. What of that is true, the part finds out. */
const ARRIVAL = new RegExp(`^#[!/]*${TICKET_FRAGMENT}(?:=|%3D)`, 'i')
let isArrival = false

/** The part that an effect loads first; the other effects of these parts come after it, and all else is the page's. */
const PART_OF: { readonly [Type in Effect['type']]?: keyof Parts } = { complain: 'diagnosis', prepare: 'travel' }

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
  const calls = openCalls()
  const listeners = new Set<() => void>()
  const timers: Record<string, ReturnType<typeof setTimeout>> = {}
  const events: Event[] = []
  const loaded: Record<string, Promise<Part>> = {}
  const connection = transport.connect({
    hub,
    site,
    wantsToken: mirror !== undefined,
    timeoutMs,
    button,
    onEvent: dispatch,
    inspector: () => load('diagnosis') as Promise<DiagnosisPart>,
  })
  const performers: Performers = {
    announce() {
      for (const notify of [...listeners]) notify()
      load('page').catch(noop)
    },
    'open-frame': ({ failures }) => connection.open(failures),
    send: ({ id, question }) => connection.send(id, question),
    'retry-after': ({ failures }) => later({ type: 'retry-due' }, pauseBefore(failures)),
    mirror({ token, cookieDomain }) {
      if (token === undefined) mirror?.clear()
      else mirror?.keep(token, cookieDomain)
    },
    settle: calls.settle,
  }
  const ready = new Promise<Snapshot>((resolve) => {
    performers.ready = () => resolve(state.snapshot)
  })
  const client: Client = {
    hub,
    site,
    transport,
    timeoutMs,
    signal: ending.signal,
    state: () => state,
    frame: () => connection.frame,
    dispatch,
    later,
    subscribe: (listener) => listen(listeners, listener, () => state.snapshot),
    transfer(url) {
      const { snapshot, peers } = state
      return transferHref(url, snapshot.status === 'signed-in' ? snapshot.sid : undefined, peers)
    },
    load,
  }

  /** One event after the other: what an effect brings about comes after the effects of its own step. */
  function dispatch(event: Event): void {
    if (events.push(event) > 1) return
    for (let next: Event | undefined = event; next; events.shift(), next = events[0]) {
      state = transition(on, state, next, Date.now())
      state.effects.forEach(perform)
    }
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

  function load(name: keyof Parts): Promise<Part> {
    loaded[name] ??= parts[name]().then((part) => {
      Object.assign(on, part.on)
      if (!ending.signal.aborted) Object.assign(performers, part.start(client))
      return part
    })
    return loaded[name]
  }

  function later(event: Event, ms: number): void {
    clearTimeout(timers[event.type])
    timers[event.type] = setTimeout(dispatch, ms, event)
  }

  if (button) {
    client.subscribe(() => {
      button.hidden = state.cause !== 'partitioned'
    })
  }
  whenShown(async () => {
    // In a frame a click opens a tab: WebKit opens none that waited for a part.
    if (isArrival || state.habits.embedded) await load('travel').catch(noop)
    dispatch({ type: 'begun' })
  }, ending.signal)
  return sessionObject(client, calls, ready, () => {
    ending.abort()
    connection.close()
    listeners.clear()
  })
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
