import { welcome } from 'virtual:isthmus/tables'
import {
  ENDPOINTS,
  type Hello,
  type Origin,
  PROTOCOL_VERSION,
  type SiteAnswer,
  type UnknownReason,
  type Welcome,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { probeHub } from './probe-hub.ts'

/** Time between the load of a frame and the greeting that should have come before it. */
const GREETING_GRACE_MS = 300

export interface FrameOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly timeoutMs: number
  readonly onWelcome: (answer: SiteAnswer, port: MessagePort) => void
  readonly onFailure: (reason: UnknownReason) => void
}

/**
 * Embeds the hub page and waits for its one greeting. Exactly one of the two callbacks is called, once,
 * unless the result is called before: it takes the frame away.
 */
export function openFrame({ hub, site, timeoutMs, onWelcome, onFailure }: FrameOptions): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const timers: ReturnType<typeof setTimeout>[] = []
  const frame = document.createElement('iframe')

  function settle(): void {
    listening.abort()
    timers.forEach(clearTimeout)
  }
  function fail(reason: UnknownReason): void {
    if (signal.aborted) return
    settle()
    frame.remove()
    onFailure(reason)
  }

  // Capture: a page's own listener that stops propagation must not swallow the greeting.
  addEventListener(
    'message',
    ({ origin, source, data, ports: [port] }) => {
      if (origin !== hub || source === null || source !== frame.contentWindow || !port) return
      const read = readAs(welcome, data)
      if (read === MISFIT) return
      settle()
      onWelcome((read as Welcome).answer, port)
    },
    { signal, capture: true },
  )
  document.addEventListener(
    'securitypolicyviolation',
    ({ blockedURI, effectiveDirective }) => {
      if (/^(?:frame|child|default)-src$/.test(effectiveDirective) && blockedURI.startsWith(hub)) fail('blocked')
    },
    { signal },
  )
  frame.addEventListener(
    'load',
    () => {
      // A hub page that saw no Referer waits for this; others ignore it.
      const hello: Hello = { isthmus: PROTOCOL_VERSION, type: 'hello', ...(site !== undefined && { site }) }
      frame.contentWindow?.postMessage(hello, hub)
      timers.push(
        setTimeout(() => void probeHub(hub).then((found) => found !== 'registered' && fail(found)), GREETING_GRACE_MS),
      )
    },
    { signal },
  )
  timers.push(setTimeout(() => fail('timeout'), timeoutMs))

  frame.hidden = true
  frame.style.display = 'none'
  frame.title = 'Isthmus'
  frame.tabIndex = -1
  frame.setAttribute('aria-hidden', 'true')
  frame.referrerPolicy = 'origin'
  frame.allow = 'storage-access; identity-credentials-get'
  frame.src = hub + ENDPOINTS.hub.path + (site === undefined ? '' : `?site=${encodeURIComponent(site)}`)
  ;(document.body ?? document.documentElement).append(frame)

  return () => {
    settle()
    frame.remove()
  }
}
