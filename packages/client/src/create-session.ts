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
  type UnknownReason,
} from '@isthmus/protocol'
import { createBouncer } from './bounce.ts'
import { createFrameConnection } from './connection.ts'
import { createFetchConnection } from './fetch-connection.ts'
import { findingOf } from './findings.ts'
import { type Effect, type Event, initialState, transition } from './machine.ts'
import { createMirror } from './mirror.ts'
import type { Question } from './questions.ts'
import type { Change, Session, SessionOptions } from './session.ts'
import { openTabs } from './tabs.ts'
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
  transport = 'frame',
  timeoutMs = FRAME_TIMEOUT_MS,
  ...given
}: SessionOptions): Session {
  const hub = parseOrigin(given.hub)
  if (!hub || !isTrustworthyOrigin(hub)) {
    throw new IsthmusError(
      'config-invalid',
      `createSession: hub is the origin of the auth domain, such as "https://auth.example.com", not ${JSON.stringify(given.hub)}.`,
    )
  }
  const mirror = createMirror(kind, mirrorPath, hub, site)
  const bouncer = createBouncer(hub, site)
  const tabs = openTabs(hub, site, (answer) => dispatch({ type: 'told', via: 'tab', answer }))
  const ending = new AbortController()
  const listeners = new Set<(snapshot: Snapshot) => void>()
  const complained = new Set<UnknownReason>()
  const arrived = bouncer.arrival !== undefined
  // Who arrives with a ticket may be somebody else than the mirror says.
  if (arrived) mirror.clear()
  let state = initialState(
    arrived && transport === 'frame',
    { mirrors: kind !== false, polls: transport === 'fetch' },
    mirror.read(),
  )
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let renewalTimer: ReturnType<typeof setTimeout> | undefined
  let asking: Promise<void> | undefined
  let openedAsOf = 0
  let edited = false
  let leaving = false
  let change: Change | null = null
  let newest = 0
  let makeReady: (snapshot: Snapshot) => void
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })
  const createConnection = transport === 'fetch' ? createFetchConnection : createFrameConnection
  const connection = createConnection({
    hub,
    site,
    wantsToken: kind !== false,
    timeoutMs,
    onWelcome: (answer) => dispatch({ type: 'told', via: 'frame', answer, asOf: openedAsOf }),
    onPush: (answer) => dispatch({ type: 'told', via: 'push', answer }),
    onStream: (status) => dispatch({ type: 'stream', status }),
    onFailure: (reason) => dispatch({ type: 'frame-failed', reason }),
  })

  function dispatch(event: Event): void {
    if (ending.signal.aborted) return
    const [next, ...effects] = transition(state, event)
    state = next
    for (const effect of effects) perform(effect)
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
      for (const listener of [...listeners]) notify(listener)
    },
    relay: ({ answer }) => tabs.tell(answer),
    ask: () => void ask(),
    redeem() {
      question({ type: 'redeem', ...bouncer.arrival } as Question)
        .catch((error: IsthmusError) =>
          console.warn(`isthmus: ${error.code}: the ticket in the address was refused; nothing was changed.`),
        )
        .then((answer) => dispatch({ type: 'redeemed', answer: answer ?? undefined }))
    },
    'open-frame': openFrame,
    'retry-after'({ failures }) {
      clearTimeout(retryTimer)
      retryTimer = setTimeout(() => dispatch({ type: 'retry-due' }), pauseBefore(failures))
    },
    link() {
      // Only a page that is looked at, alone in its tab, and not written on may be led away.
      if (link === 'manual' || leaving || edited || document.visibilityState !== 'visible' || window !== top) return
      leaving = true
      void bouncer.link().then((left) => {
        leaving = left
        settle()
      })
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

  /** A page that is about to leave has nothing to settle, nor to complain about. */
  function settle(): void {
    const { snapshot } = state
    if (snapshot.status === 'unknown') {
      const finding = findingOf(snapshot.reason, hub as string, transport)
      if (!finding || leaving) return
      if (!complained.has(snapshot.reason)) console.warn(`isthmus: ${finding.code}: ${finding.message} ${finding.cure}`)
      complained.add(snapshot.reason)
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

  function openFrame(): void {
    openedAsOf = state.taken
    connection.open()
  }

  /** A question that fails leaves a doubt; who asked gets the error. */
  async function question(message: Question): Promise<SiteAnswer> {
    const asOf = state.taken
    try {
      const answer = await connection.ask(message)
      if (message.type !== 'redeem') dispatch({ type: 'told', via: 'answer', answer, asOf })
      return answer
    } catch (error) {
      const { code } = error as IsthmusError
      if (code === 'timeout') dispatch({ type: 'frame-failed', reason: code })
      else if (code === 'not-registered') dispatch({ type: 'question-failed', reason: code })
      else if (isPassing(code) && state.port === 'open') dispatch({ type: 'question-failed', reason: 'unreachable' })
      throw error
    }
  }

  function ask(): Promise<void> {
    asking ??= question({ type: 'ask' })
      .then(noop, noop)
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  watchPage(
    {
      onLook: () => dispatch({ type: 'looked-at' }),
      onRestore() {
        leaving = false
        dispatch({ type: 'restored' })
      },
      onActive() {
        if (state.snapshot.status === 'signed-in') question({ type: 'touch' }).catch(noop)
        else dispatch({ type: 'looked-at' })
      },
      onEdit() {
        edited = true
      },
    },
    ending.signal,
  )
  openFrame()

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
        await question({ type: 'sign-out' })
      } catch (error) {
        const { code } = error as IsthmusError
        const { snapshot } = state
        if (code === 'no-session' && snapshot.status === 'signed-out') return
        const blocked = snapshot.status === 'unknown' && snapshot.reason === 'blocked'
        if (isPassing(code) && !blocked) throw error
        // The frame cannot act for the session, but the hub itself can.
        bouncer.signOut()
      }
    },
    link: () => bouncer.link(),
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
      const { snapshot, site: answered, carrier, stream } = state
      const finding = snapshot.status === 'unknown' ? findingOf(snapshot.reason, hub, transport) : undefined
      return { hub, site: answered, carrier, stream, lastChange: change, findings: finding ? [finding] : [] }
    },
    destroy() {
      ending.abort()
      clearTimeout(retryTimer)
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
