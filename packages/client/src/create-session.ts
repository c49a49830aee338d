import {
  FRAME_TIMEOUT_MS,
  IsthmusError,
  isTrustworthyOrigin,
  type Origin,
  parseOrigin,
  pauseBefore,
  type Snapshot,
  TOKEN_RENEW_MS,
} from '@isthmus/protocol'
import { findingOf } from './diagnosis/findings.ts'
import { fetchTransport } from './hub/fetch-connection.ts'
import { frameTransport } from './hub/frame-connection.ts'
import { createMirror } from './mirror/create-mirror.ts'
import { openTabs } from './page/tabs.ts'
import { watchEnd } from './page/watch-end.ts'
import { watchPage } from './page/watch-page.ts'
import { whenShown } from './page/when-shown.ts'
import { isForThisSite } from './session/answers.ts'
import { openCalls } from './session/calls.ts'
import { type Effect, type Event, initialState } from './session/state.ts'
import { transition } from './session/transition.ts'
import type { Session, SessionOptions } from './session.ts'
import { arrive, finishArrival } from './travel/arrive.ts'
import { createExit } from './travel/leave.ts'
import { tabMemory } from './travel/tab-memory.ts'
import { transferHref, transferLinks } from './travel/transfer.ts'

/**
 * Follows the session of the hub on this page.
 *
 * @throws `IsthmusError` `config-invalid` if `hub` is not an exact origin.
 * @example
 * const session = createSession({ hub: 'https://auth.example.com' })
 * session.subscribe((snapshot) => render(snapshot))
 */
export function createSession(options: SessionOptions): Session {
  const { site, link = 'auto', button, timeoutMs = FRAME_TIMEOUT_MS } = options
  const transport = options.transport === 'fetch' ? fetchTransport : frameTransport
  const hub = exactOrigin(options.hub)
  const mirror = createMirror(options.mirror ?? false, options.mirrorPath, hub, site)
  const memory = tabMemory(hub, site)
  const { ticket, came, wanted } = arrive(memory)
  // A ticket, or a session that is brought along, can belong to another user than the mirror says.
  if (ticket || wanted !== undefined) mirror?.clear()
  const { isLive } = transport
  let state = initialState({
    habits: { site, link, mirrors: mirror !== undefined, polls: !isLive, redeems: isLive, embedded: window !== top },
    ...(isLive && { ticket, wanted }),
    came,
    mirrored: mirror?.read(),
  })
  const ending = new AbortController()
  const calls = openCalls()
  const listeners = new Set<() => void>()
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const events: Event[] = []
  const exit = createExit(hub, site, memory)
  let makeReady: (snapshot: Snapshot) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })
  const end = watchEnd(() => dispatch({ type: 'end-due' }))
  const tabs = openTabs(hub, site, (answer) => {
    const isOurs = isForThisSite(state, answer)
    if (isOurs) dispatch({ type: 'told', via: 'tab', answer })
    return isOurs
  })
  const wantsToken = mirror !== undefined
  const connection = transport.connect({ hub, site, wantsToken, timeoutMs, button, onEvent: dispatch })

  /** One event after the other: what an effect brings about comes after the effects of its own step. */
  function dispatch(event: Event): void {
    if (events.push(event) > 1) return
    for (let next: Event | undefined = event; next; events.shift(), next = events[0]) {
      const [after, ...effects] = transition(state, next, Date.now())
      state = after
      for (const effect of effects) (perform[effect.type] as (effect: Effect) => void)(effect)
    }
  }

  const perform: { readonly [Type in Effect['type']]: (effect: Extract<Effect, { type: Type }>) => void } = {
    announce() {
      end.look(state.snapshot, state.aheadMs)
      if (button) button.hidden = state.cause !== 'partitioned'
      for (const notify of [...listeners]) notify()
    },
    ready: () => makeReady(state.snapshot),
    complain({ cause }) {
      const { message, cure } = findingOf(cause, hub, transport.directive)
      console.warn(`isthmus: ${cause}: ${message} ${cure}`)
    },
    relay: ({ answer }) => tabs.tell(answer),
    'open-frame': ({ failures }) => connection.open(failures),
    send: ({ id, question }) => connection.send(id, question),
    'retry-after': ({ failures }) => later({ type: 'retry-due' }, pauseBefore(failures)),
    'renew-later': () => later({ type: 'renewal-due' }, TOKEN_RENEW_MS),
    mirror({ token, cookieDomain }) {
      if (token === undefined) mirror?.clear()
      else mirror?.keep(token, cookieDomain)
    },
    'ticket-spent'({ refused }) {
      finishArrival(memory)
      if (refused) console.warn(`isthmus: ${refused}: the ticket was refused.`)
    },
    mark: ({ mark }) => void memory.setMark(mark),
    prepare: ({ departure }) => void prepare(departure),
    leave(departure) {
      const hasLeft = exit.leave(departure)
      later({ type: 'stayed', departure: departure.departure }, hasLeft ? timeoutMs : 0)
    },
    settle: calls.settle,
  }

  function later(event: Event, ms: number): void {
    clearTimeout(timers.get(event.type))
    timers.set(event.type, setTimeout(dispatch, ms, event))
  }

  async function prepare(departure: number): Promise<void> {
    const page = await exit.prepare(departure).catch(noop)
    dispatch(page ? { type: 'prepared', ...page } : { type: 'stayed', departure })
  }

  function transfer(url: string): string {
    const { snapshot, peers } = state
    return transferHref(url, snapshot.status === 'signed-in' ? snapshot.sid : undefined, peers)
  }

  /** The Snapshot after a call, be it that the call failed. */
  async function after(type: 'refresh' | 'extend'): Promise<Snapshot> {
    await calls.wait((call) => dispatch({ type, call })).catch(noop)
    return state.snapshot
  }

  watchPage((event) => {
    // Chromium drops a page from its back-forward cache when a channel brings it a message there.
    if (event.type === 'left') tabs.close()
    if (event.type === 'restored') tabs.open()
    dispatch(event)
    // Where the machine slept, the timer of the warning did too.
    if (event.type === 'looked-at') end.look(state.snapshot, state.aheadMs)
  }, ending.signal)
  transferLinks(transfer, ending.signal)
  if (button) button.hidden = true
  whenShown(() => dispatch({ type: 'begun' }), ending.signal)

  return {
    get current() {
      return state.snapshot
    },
    ready,
    subscribe(listener) {
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
    },
    async signIn({ returnTo: given } = {}) {
      const returnTo = given === undefined ? undefined : new URL(given, location.href).href
      await calls.wait((call) => dispatch({ type: 'sign-in', call, returnTo }))
    },
    async signOut() {
      await calls.wait((call) => dispatch({ type: 'sign-out', call }))
    },
    link: () => calls.wait((call) => dispatch({ type: 'link', call })),
    transfer,
    refresh: () => after('refresh'),
    extend: () => after('extend'),
    async diagnose() {
      const { cause, site: answered, carrier, stream, lastChange } = state
      const findings = cause ? [findingOf(cause, hub, transport.directive)] : []
      return { hub, site: answered, carrier, stream, lastChange, findings }
    },
    destroy() {
      dispatch({ type: 'destroyed' })
      ending.abort()
      for (const timer of timers.values()) clearTimeout(timer)
      end.stop()
      connection.close()
      tabs.close()
      listeners.clear()
    },
  }
}

function exactOrigin(given: string): Origin {
  const hub = parseOrigin(given)
  if (hub && isTrustworthyOrigin(hub)) return hub
  throw new IsthmusError(
    'config-invalid',
    `createSession: hub must be an origin such as "https://auth.example.com", not ${JSON.stringify(given)}.`,
  )
}

function noop(): void {}
