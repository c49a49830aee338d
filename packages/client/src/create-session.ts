import {
  type ErrorCode,
  FRAME_TIMEOUT_MS,
  IsthmusError,
  isTrustworthyOrigin,
  parseOrigin,
  pauseBefore,
  type SiteAnswer,
  type Snapshot,
  TOKEN_RENEW_MS,
  TOUCH_INTERVAL_MS,
} from '@isthmus/protocol'
import { createBouncer } from './bounce.ts'
import { createFrameConnection } from './connection.ts'
import { createFetchConnection } from './fetch-connection.ts'
import { type Cause, findingOf } from './findings.ts'
import { type Effect, type Event, initialState, transition } from './machine.ts'
import { createMirror } from './mirror.ts'
import type { Question } from './questions.ts'
import type { Change, Session, SessionOptions } from './session.ts'
import { openTabs } from './tabs.ts'
import { transferHref, transferLinks } from './transfer.ts'
import { watchEnd } from './watch-end.ts'
import { watchPage } from './watch-page.ts'

/**
 * Follows the session of the hub on this page.
 *
 * @throws `IsthmusError` `config-invalid` if `hub` is not an exact origin.
 * @example
 * const session = createSession({ hub: 'https://auth.example.com' })
 * session.subscribe((snapshot) => render(snapshot))
 */
export function createSession({
  site,
  link = 'auto',
  mirror: kind = false,
  mirrorPath,
  button,
  transport = 'frame',
  timeoutMs = FRAME_TIMEOUT_MS,
  ...given
}: SessionOptions): Session {
  const hub = parseOrigin(given.hub)
  if (!hub || !isTrustworthyOrigin(hub)) {
    throw new IsthmusError(
      'config-invalid',
      `createSession: hub must be an origin such as "https://auth.example.com", not ${JSON.stringify(given.hub)}.`,
    )
  }
  const mirror = createMirror(kind, mirrorPath, hub, site)
  const bouncer = createBouncer(hub, site)
  const tabs = openTabs(hub, site, (answer) => {
    const ours = answer.site === (state.site ?? site ?? answer.site)
    if (ours) dispatch({ type: 'told', via: 'tab', answer })
    return ours
  })
  const ending = new AbortController()
  const listeners = new Set<(snapshot: Snapshot) => void>()
  const complained = new Set<Cause>()
  const arrived = bouncer.arrival !== undefined
  // Who arrives with a ticket, or brings a session along, may be somebody else than the mirror says.
  if (arrived || bouncer.wanted !== undefined) mirror.clear()
  let state = initialState({
    redeeming: arrived && transport === 'frame',
    wanted: transport === 'frame' ? bouncer.wanted : undefined,
    habits: { mirrors: kind !== false, polls: transport === 'fetch' },
    mirrored: mirror.read(),
  })
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let renewalTimer: ReturnType<typeof setTimeout> | undefined
  let asking: Promise<void> | undefined
  let visit = 0
  let openedAsOf = 0
  let peers: readonly string[] = []
  let aheadMs = 0
  let edited = false
  let leaving = false
  let change: Change | null = null
  let newest = 0
  /** When the user was last active on any site of this browser, as far as this page knows; and the idle end since then. */
  let activeAt = Number.NEGATIVE_INFINITY
  let idleEnd = 0
  let makeReady: (snapshot: Snapshot) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })
  let goOn: () => void
  /** Until the ticket is redeemed, the frame would speak for the session before. */
  const redeemed = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const createConnection = transport === 'fetch' ? createFetchConnection : createFrameConnection
  const connection = createConnection({
    hub,
    site,
    wantsToken: kind !== false,
    timeoutMs,
    button,
    onWelcome(welcome) {
      peers = welcome.peers.split(' ')
      aheadMs = welcome.aheadMs
      dispatch({ type: 'told', via: 'frame', answer: welcome.answer, asOf: openedAsOf })
    },
    onMessage: (message) =>
      dispatch(message.type === 'push' ? { type: 'told', via: 'push', answer: message.answer } : message),
    onFailure: (cause) => dispatch({ type: 'frame-failed', cause }),
    onRemoved: (soon) => dispatch({ type: 'frame-removed', soon }),
  })

  const end = watchEnd(() => void ask())

  function dispatch(event: Event): void {
    if (ending.signal.aborted) return
    const [next, ...effects] = transition(state, event)
    state = next
    for (const effect of effects) perform(effect)
    if (!state.redeeming || state.port === 'closed') goOn()
    settle()
  }

  const actions: { [Type in Effect['type']]: (effect: Extract<Effect, { type: Type }>) => void } = {
    announce({ via }) {
      const { snapshot } = state
      if (via && snapshot.status !== 'unknown') {
        const at = Date.now()
        const live = (via === 'push' || via === 'tab') && snapshot.revision > newest
        change = { at, via, delayMs: live ? Math.max(0, at - snapshot.revision) : null }
        newest = snapshot.revision
      }
      if (snapshot.status === 'signed-in' && snapshot.idleExpiresAt !== idleEnd) {
        // Seen for the first time, it may have risen a while ago.
        activeAt = idleEnd ? Date.now() : snapshot.revision - aheadMs
        idleEnd = snapshot.idleExpiresAt
      }
      end.look(snapshot, aheadMs)
      if (button) button.hidden = state.cause !== 'partitioned'
      for (const listener of [...listeners]) notify(listener)
    },
    relay: ({ answer }) => tabs.tell(answer),
    ask: () => void ask(),
    redeem() {
      const asOf = state.taken
      question({ type: 'redeem', ...bouncer.arrival } as Question)
        .catch((error: IsthmusError) => {
          console.warn(`isthmus: ${error.code}: the ticket was refused.`)
        })
        .then((answer) => {
          bouncer.redeemed()
          dispatch({ type: 'redeemed', answer: answer ?? undefined, asOf })
        })
    },
    'open-frame': ({ failures }) => openFrame(failures),
    'retry-after'({ failures }) {
      clearTimeout(retryTimer)
      retryTimer = setTimeout(() => dispatch({ type: 'retry-due' }), pauseBefore(failures))
    },
    link({ forced }) {
      // Only a page that is looked at, alone in its tab, and not written on may be led away without being asked for.
      const idle = link === 'auto' && !edited && document.visibilityState === 'visible'
      if (leaving || !(idle || forced)) return
      if (window !== top) {
        // A page inside another one leads nobody away, and settles for what its frame says.
        if (forced) void ask()
        return
      }
      leaving = true
      const stay = (): void => {
        leaving = false
        if (forced) void ask()
        else settle()
      }
      // The hub may hang, or the user stop the tab: then the page goes on as it is.
      void bouncer.link(forced, isCarried()).then((left) => (left ? setTimeout(stay, timeoutMs) : stay()))
    },
    linked: () => bouncer.settle(),
    mirror({ token, cookieDomain }) {
      if (token === undefined) mirror.clear()
      else mirror.keep(token, cookieDomain)
    },
    'renew-later'() {
      clearTimeout(renewalTimer)
      renewalTimer = setTimeout(() => dispatch({ type: 'renewal-due' }), TOKEN_RENEW_MS)
    },
  }

  function perform(effect: Effect): void {
    ;(actions[effect.type] as (effect: Effect) => void)(effect)
  }

  /** Whether this partition proves a session, be it that this browser has another one by now. */
  function isCarried(): boolean {
    return state.carrier !== null && state.carrier !== 'none'
  }

  /** A page that is about to leave has nothing to settle, nor to complain about. */
  function settle(): void {
    const { snapshot, cause } = state
    if (snapshot.status === 'unknown') {
      if (!cause || leaving) return
      const { message, cure } = findingOf(cause, hub as string, transport)
      if (!complained.has(cause)) console.warn(`isthmus: ${cause}: ${message} ${cure}`)
      complained.add(cause)
    }
    // What the mirror says is a guess.
    else if (snapshot.stale) return
    makeReady(snapshot)
  }

  function notify(listener: (snapshot: Snapshot) => void): void {
    try {
      listener(state.snapshot)
    } catch (error) {
      // One listener that throws must not keep the news from the others.
      reportError(error)
    }
  }

  function openFrame(failures: number): void {
    openedAsOf = state.taken
    connection.open(failures)
  }

  /** A question that fails leaves a doubt; who asked gets the error. */
  async function question(message: Question): Promise<SiteAnswer> {
    if (message.type !== 'redeem' && state.redeeming) await redeemed
    const asOf = state.taken
    const asked = visit
    try {
      const answer = await connection.ask(message)
      if (message.type !== 'redeem' && asked === visit) dispatch({ type: 'told', via: 'answer', answer, asOf })
      return answer
    } catch (error) {
      const { code } = error as IsthmusError
      // What was asked before the page was left says nothing of the hub now.
      if (asked !== visit) throw error
      if (code === 'timeout') dispatch({ type: 'frame-failed', cause: code })
      else if (code === 'not-registered') dispatch({ type: 'question-failed', cause: code })
      else if (isPassing(code) && state.port === 'open') {
        dispatch({ type: 'question-failed', cause: code === 'internal' ? 'hub-failing' : 'unreachable' })
      }
      throw error
    }
  }

  function transfer(url: string): string {
    const { snapshot } = state
    return transferHref(url, snapshot.status === 'signed-in' ? snapshot.sid : undefined, peers)
  }

  function ask(): Promise<void> {
    const asked = visit
    asking ??= question({ type: 'ask' })
      .then(noop, noop)
      .finally(() => {
        if (asked === visit) asking = undefined
      })
    return asking
  }

  watchPage(
    {
      onLook() {
        dispatch({ type: 'looked-at' })
        // Where the machine slept, the timer of the warning did too.
        end.look(state.snapshot, aheadMs)
      },
      onLeave() {
        visit++
        asking = undefined
        // Chromium drops a page from its back-forward cache when a channel brings it a message there.
        tabs.close()
      },
      onRestore() {
        tabs.open()
        leaving = false
        dispatch({ type: 'restored' })
      },
      onActive() {
        if (Math.abs(Date.now() - activeAt) < TOUCH_INTERVAL_MS) return
        activeAt = Date.now()
        if (state.snapshot.status === 'signed-in') question({ type: 'touch' }).catch(noop)
        else dispatch({ type: 'looked-at' })
      },
      onEdit() {
        edited = true
      },
    },
    ending.signal,
  )
  transferLinks(transfer, ending.signal)
  if (button) button.hidden = true
  openFrame(0)

  return {
    get current() {
      return state.snapshot
    },
    ready,
    subscribe(listener) {
      listeners.add(listener)
      notify(listener)
      return () => listeners.delete(listener)
    },
    signIn({ returnTo = location.href } = {}) {
      leaving = true
      return bouncer.signIn(returnTo)
    },
    async signOut() {
      try {
        const { state: after } = await question({ type: 'sign-out' })
        if (after.status === 'signed-out') return
      } catch (error) {
        const { code } = error as IsthmusError
        const { snapshot } = state
        if (code === 'no-session' && snapshot.status === 'signed-out') return
        const blocked = snapshot.status === 'unknown' && snapshot.reason === 'blocked'
        if (isPassing(code) && !blocked) throw error
      }
      // The frame cannot act for the session, but the hub itself can.
      bouncer.signOut()
    },
    link: () => bouncer.link(false, isCarried()),
    transfer,
    async refresh() {
      if (state.port === 'closed') dispatch({ type: 'looked-at' })
      await ask()
      return state.snapshot
    },
    async extend() {
      await question({ type: 'touch' }).catch(noop)
      return state.snapshot
    },
    async diagnose() {
      const { cause, site: answered, carrier, stream } = state
      const findings = cause ? [findingOf(cause, hub, transport)] : []
      return { hub, site: answered, carrier, stream, lastChange: change, findings }
    },
    destroy() {
      ending.abort()
      clearTimeout(retryTimer)
      end.stop()
      clearTimeout(renewalTimer)
      connection.close()
      tabs.close()
      listeners.clear()
    },
  }
}

/** The hub may do the same thing later. */
function isPassing(code: ErrorCode): boolean {
  return code === 'unreachable' || code === 'timeout' || code === 'internal'
}

function noop(): void {}
