import { welcome } from 'virtual:isthmus/tables'
import { ENDPOINTS, type Hello, type Origin, PROTOCOL_VERSION, type Welcome } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Cause } from './findings.ts'
import { probeHub } from './probe-hub.ts'

/** The greeting should be there before the frame has loaded. This long after, the client says hello; then it looks for the cause. */
const HELLO_AFTER_MS = 50
const PROBE_AFTER_MS = 300

/** Who takes the frame away so soon after it was put there does not mean the page around it. */
const SOON_MS = 10_000

export interface FrameOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly wantsToken: boolean
  readonly timeoutMs: number
  /** Where the frame shows its button; else it is not seen at all. */
  readonly button: Element | undefined
  readonly onWelcome: (welcome: Welcome, port: MessagePort) => void
  readonly onFailure: (cause: Cause) => void
  /** After the greeting: somebody else took the frame out of the page, `soon` after it was put there or later. */
  readonly onRemoved: (soon: boolean) => void
}

/**
 * Embeds the hub page and waits for its one greeting. Exactly one of `onWelcome` and `onFailure` is called, once,
 * unless the result is called before: it takes the frame away.
 */
export function openFrame({
  hub,
  site,
  wantsToken,
  timeoutMs,
  button,
  onWelcome,
  onFailure,
  onRemoved,
}: FrameOptions): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const timers: ReturnType<typeof setTimeout>[] = []
  const frame = document.createElement('iframe')
  const openedAt = performance.now()
  let saidHello = false
  let probeForbidden = false
  let loaded = false
  let probed = false
  let well = false

  function settle(): void {
    listening.abort()
    timers.forEach(clearTimeout)
  }
  function remove(): void {
    settle()
    watcher.disconnect()
    frame.remove()
  }
  function fail(cause: Cause): void {
    if (signal.aborted) return
    remove()
    onFailure(cause)
  }
  const watcher = new MutationObserver(() => {
    if (frame.isConnected) return
    if (!signal.aborted) return fail('frame-removed')
    remove()
    onRemoved(performance.now() - openedAt < SOON_MS)
  })

  function greeted(data: unknown, port: MessagePort | undefined): void {
    const read = readAs(welcome, data)
    if (read === MISFIT || !port || signal.aborted) return
    settle()
    onWelcome(read as Welcome, port)
  }
  function sayHello(): void {
    // From now on the hub answers to the port of the hello; a greeting that comes late is void.
    saidHello = true
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => greeted(data, port1)
    const hello: Hello = { isthmus: PROTOCOL_VERSION, type: 'hello', ...(site !== undefined && { site }) }
    // Named exactly: whatever else was loaded into the frame hears nothing.
    frame.contentWindow?.postMessage(hello, hub, [port2])
  }
  async function findCause(): Promise<void> {
    if (probed) return
    probed = true
    const found = await probeHub(hub, signal)
    if (probeForbidden) return
    if (found) fail(found)
    well = true
  }
  function failLate(): void {
    // While it loads, the frame still holds its own empty document. Whatever came in its place was not the hub.
    fail(well && (loaded || frame.contentDocument === null) ? 'frame-silent' : 'timeout')
  }

  addEventListener(
    'message',
    ({ origin, source, data, ports: [port] }) => {
      if (!saidHello && origin === hub && source !== null && source === frame.contentWindow) greeted(data, port)
    },
    { signal },
  )
  document.addEventListener(
    'securitypolicyviolation',
    ({ blockedURI, effectiveDirective, disposition }) => {
      if (disposition !== 'enforce' || !blockedURI.startsWith(hub)) return
      if (/^(?:frame|child|default)-src$/.test(effectiveDirective)) fail('policy-forbids')
      // The page's policy lets nobody ask: that says nothing of the hub.
      else if (effectiveDirective === 'connect-src') probeForbidden = true
    },
    { signal },
  )
  frame.addEventListener(
    'load',
    () => {
      loaded = true
      timers.push(setTimeout(sayHello, HELLO_AFTER_MS), setTimeout(findCause, PROBE_AFTER_MS))
    },
    { signal },
  )
  // Firefox tells of no load where it failed.
  timers.push(setTimeout(findCause, timeoutMs / 2), setTimeout(failLate, timeoutMs))

  const shown = button?.isConnected ? button : undefined
  // Not rendered: it takes no focus, and is not read out.
  frame.style.cssText = shown ? 'border:0;width:100%;height:100%' : 'display:none'
  frame.title = 'Isthmus'
  frame.referrerPolicy = 'origin'
  frame.allow = 'storage-access; identity-credentials-get'
  const query = String(
    new URLSearchParams({
      // For the hub, where the Referer is withheld.
      origin: location.origin,
      ...(site !== undefined && { site }),
      ...(wantsToken && { token: '1' }),
      ...(shown && { button: '1' }),
    }),
  )
  frame.src = hub + ENDPOINTS.hub.path + (query && `?${query}`)
  const place = shown ?? document.body ?? document.documentElement
  place.append(frame)
  // Its own parent, or the whole body, as page loaders swap it: neither changes often.
  watcher.observe(place, { childList: true })
  watcher.observe(document.documentElement, { childList: true, subtree: shown !== undefined })
  return remove
}
