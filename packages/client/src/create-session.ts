import {
  type Carrier,
  type ErrorCode,
  FRAME_TIMEOUT_MS,
  IsthmusError,
  isTrustworthyOrigin,
  parseOrigin,
  pauseBefore,
  type SiteAnswer,
  type Snapshot,
  type StreamStatus,
  type UnknownReason,
} from '@isthmus/protocol'
import { createBouncer } from './bounce.ts'
import { type Finding, findingOf } from './findings.ts'
import { openFrame } from './frame.ts'
import { type Effect, type Event, initialState, transition, type Via } from './machine.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'
import { openTabs } from './tabs.ts'
import { watchPage } from './watch-page.ts'

/** What {@link createSession} takes. */
export interface SessionOptions {
  /** Exact origin of the auth domain: `https://auth.example.com`. */
  readonly hub: string
  /** Site id, where one origin serves several sites; default: the one site that this origin is registered for. */
  readonly site?: string
  /**
   * In browsers that keep third-party data apart a site needs a carrier of its own, which a visit of the hub gives.
   * `auto` (default): one silent bounce, at most once per tab until something changes, never after the user typed.
   * `manual`: only when you call `link()`.
   */
  readonly link?: 'auto' | 'manual'
  /** The hub must have answered by then, in milliseconds; default 5000. Later the session is `unknown`. */
  readonly timeoutMs?: number
}

/** What works, what does not, and why. */
export interface Diagnosis {
  readonly hub: string
  /** Site id that the hub answered for; `null` before it did. */
  readonly site: string | null
  /** How the hub frame proves the session; `null` before the first answer. */
  readonly carrier: Carrier | null
  readonly stream: StreamStatus
  /** When the last change was taken in (milliseconds since the epoch), how it came, and how long after it was made at the hub. */
  readonly lastChange: { readonly at: number; readonly via: Via; readonly delayMs: number } | null
  readonly findings: readonly Finding[]
}

/** One login session, as this page follows it. */
export interface Session {
  /** What is known now. The same object until something changes. */
  readonly current: Snapshot
  /** The first Snapshot that is not `loading`: what the hub said or, by the time-out at the latest, why it said nothing. */
  readonly ready: Promise<Snapshot>
  /** Calls back at once and at every change; call the result to stop. Fits Svelte stores and `useSyncExternalStore`. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void
  /** Leads to the hub's login page, and back to `returnTo` (default: this page), signed in. */
  signIn(options?: { readonly returnTo?: string }): Promise<void>
  /** Ends the session everywhere. Resolves when the hub said so; rejects with {@link IsthmusError} if it could not be told. */
  signOut(): Promise<void>
  /** Links this browser partition by a silent top-level bounce. `false` if this tab tried already and nothing changed since. */
  link(): Promise<boolean>
  /** Asks the hub now; several calls at once are one question. Gives the Snapshot afterwards, `unknown` included. */
  refresh(): Promise<Snapshot>
  /** The user is still there: pushes the idle end away. */
  extend(): Promise<Snapshot>
  /** What works, what does not and why, as data. */
  diagnose(): Promise<Diagnosis>
  /** Ends everything that this object started. */
  destroy(): void
}

/**
 * Follows the session of the hub on this page.
 *
 * @throws {@link IsthmusError} `config-invalid` if `hub` is not an exact origin.
 * @example
 * const session = createSession({ hub: 'https://auth.example.com' })
 * session.subscribe((snapshot) => render(snapshot))
 */
export function createSession(options: SessionOptions): Session {
  const hub = parseOrigin(options.hub)
  if (!hub || !isTrustworthyOrigin(hub)) {
    throw new IsthmusError(
      'config-invalid',
      `createSession: hub is the origin of the auth domain, such as "https://auth.example.com", not ${JSON.stringify(options.hub)}.`,
    )
  }
  const { site, link = 'auto', timeoutMs = FRAME_TIMEOUT_MS } = options
  const ending = new AbortController()
  const listeners = new Set<(snapshot: Snapshot) => void>()
  const complained = new Set<UnknownReason>()
  const bouncer = createBouncer(hub, site)
  const tabs = openTabs(hub, site, (answer) => dispatch({ type: 'told', via: 'tab', answer }))
  let state = initialState(bouncer.arrival !== undefined)
  let questions: Questions | undefined
  let closeFrame = (): void => {}
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let asking: Promise<void> | undefined
  let edited = false
  let leaving = false
  let answeredSite: string | null = null
  let lastChange: Diagnosis['lastChange'] = null
  let makeReady: (snapshot: Snapshot) => void = () => {}
  const ready = new Promise<Snapshot>((resolve) => {
    makeReady = resolve
  })

  function dispatch(event: Event): void {
    if (ending.signal.aborted) return
    if ('answer' in event && event.answer) answeredSite = event.answer.site
    const [next, ...effects] = transition(state, event)
    state = next
    for (const effect of effects) run(effect)
    if (state.snapshot.status !== 'unknown' || (state.snapshot.reason !== 'loading' && !leaving))
      makeReady(state.snapshot)
  }

  function run(effect: Effect): void {
    switch (effect.type) {
      case 'announce':
        return announce(effect.via)
      case 'relay':
        return tabs.tell(effect.answer)
      case 'ask':
        void ask()
        return
      case 'redeem':
        return redeem()
      case 'open-frame':
        return open()
      case 'retry-after':
        clearTimeout(retryTimer)
        retryTimer = setTimeout(dispatch, pauseBefore(effect.failures), { type: 'retry-due' } satisfies Event)
        return
      case 'link':
        return linkByItself()
      case 'linked':
        return bouncer.settle()
    }
  }

  function announce(via: Via | undefined): void {
    const { snapshot } = state
    if (via && snapshot.status !== 'unknown') {
      const at = Date.now()
      lastChange = { at, via, delayMs: Math.max(0, at - snapshot.revision) }
    }
    if (snapshot.status === 'unknown') complain(snapshot.reason)
    for (const listener of [...listeners]) notify(listener)
  }

  function notify(listener: (snapshot: Snapshot) => void): void {
    try {
      listener(state.snapshot)
    } catch (error) {
      // One listener that throws must not keep the news from the others.
      reportError(error)
    }
  }

  function complain(reason: UnknownReason): void {
    const finding = findingOf(reason, hub as string)
    if (!finding || leaving || complained.has(reason)) return
    complained.add(reason)
    console.warn(`isthmus: ${reason}: ${finding.message} ${finding.cure}`)
  }

  function open(): void {
    closeFrame()
    questions?.close()
    questions = undefined
    const asOf = state.taken
    closeFrame = openFrame({
      hub: hub as NonNullable<typeof hub>,
      site,
      timeoutMs,
      onWelcome(answer, port) {
        questions = openQuestions(port, timeoutMs, (message) => {
          if (message.type === 'push') dispatch({ type: 'told', via: 'push', answer: message.answer })
          else dispatch({ type: 'stream', status: message.status })
        })
        dispatch({ type: 'told', via: 'frame', answer, asOf })
      },
      onFailure: (reason) => dispatch({ type: 'frame-failed', reason }),
    })
  }

  /** Questions that failed leave a doubt; who asked gets the error. */
  async function question(message: Question): Promise<SiteAnswer> {
    const asked = questions
    if (!asked) throw new IsthmusError('unreachable')
    const asOf = state.taken
    try {
      const answer = await asked.ask(message)
      if (message.type !== 'redeem') dispatch({ type: 'told', via: 'answer', answer, asOf })
      return answer
    } catch (error) {
      const { code } = error as IsthmusError
      if (asked === questions) {
        if (code === 'timeout') dispatch({ type: 'frame-failed', reason: code })
        else if (code === 'not-registered') dispatch({ type: 'question-failed', reason: code })
        else if (code === 'unreachable' || code === 'internal')
          dispatch({ type: 'question-failed', reason: 'unreachable' })
      }
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

  function redeem(): void {
    if (!bouncer.arrival) return
    question({ type: 'redeem', ...bouncer.arrival })
      .catch((error: IsthmusError) => {
        console.warn(`isthmus: ${error.code}: ${error.message}`)
        return undefined
      })
      .then((answer) => dispatch({ type: 'redeemed', answer }))
  }

  /** Only a page that is looked at, by itself in its tab, and not written on may be led away. */
  function linkByItself(): void {
    const idle = document.visibilityState === 'visible' && !edited && window === window.top
    if (link === 'manual' || !idle || leaving) return
    leaving = true
    void bouncer.link().then((left) => {
      leaving = left
      if (left) return
      const { snapshot } = state
      if (snapshot.status === 'unknown') {
        complain(snapshot.reason)
        if (snapshot.reason !== 'loading') makeReady(snapshot)
      }
    })
  }

  watchPage(
    {
      onLook: () => dispatch({ type: 'looked-at' }),
      onRestore() {
        leaving = false
        dispatch({ type: 'restored' })
      },
      onActive() {
        if (state.snapshot.status === 'signed-in') void question({ type: 'touch' }).catch(noop)
      },
      onEdit() {
        edited = true
      },
    },
    ending.signal,
  )
  open()

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
    signIn: ({ returnTo = location.href } = {}) => bouncer.signIn(returnTo),
    async signOut() {
      try {
        await question({ type: 'sign-out' })
      } catch (error) {
        const { code } = error as { code: ErrorCode }
        const { snapshot } = state
        if (code === 'no-session' && snapshot.status === 'signed-out') return
        const framed = snapshot.status !== 'unknown' || !['partitioned', 'blocked'].includes(snapshot.reason)
        if (framed && code !== 'no-session') throw error
        // The frame cannot act for the session, but the hub itself can.
        bouncer.signOut()
      }
    },
    link: () => bouncer.link(),
    async refresh() {
      if (state.port === 'closed') dispatch({ type: 'retry-due' })
      else await ask()
      return state.snapshot
    },
    async extend() {
      await question({ type: 'touch' }).catch(noop)
      return state.snapshot
    },
    async diagnose() {
      const { snapshot, carrier, stream } = state
      const finding = snapshot.status === 'unknown' ? findingOf(snapshot.reason, hub) : undefined
      return {
        hub,
        site: answeredSite,
        carrier: carrier ?? null,
        stream,
        lastChange,
        findings: finding ? [finding] : [],
      }
    },
    destroy() {
      ending.abort()
      clearTimeout(retryTimer)
      closeFrame()
      questions?.close()
      tabs.close()
      listeners.clear()
    },
  }
}

function noop(): void {}
