import { BASE_PATH, type ENDPOINTS, type Hello, PROTOCOL_VERSION, type Welcome } from '@isthmus/protocol'
import type { Cause } from '../session/cause.ts'
import { isFromHub } from './guard.ts'
import type { ConnectionOptions } from './transport.ts'

/** A constant of its own: by the list, a bundle would carry every endpoint. */
const HUB_PATH: typeof ENDPOINTS.hub.path = `${BASE_PATH}/hub`

/** The greeting should be there before the frame has loaded. This long after, the client says hello; then it looks for the cause. */
const HELLO_AFTER_MS = 50
const PROBE_AFTER_MS = 1000

/** The hub page in a frame, until it is removed. */
export interface Frame {
  readonly element: HTMLIFrameElement
  remove(): void
}

/** Embeds the hub page and waits for its one greeting. Exactly one of `onWelcome` and `onFailure` is called, once, unless the frame is removed before. */
export function openFrame(
  { hub, site, wantsToken, button, inspector }: ConnectionOptions,
  timeoutMs: number,
  onWelcome: (welcome: Welcome, port: MessagePort) => void,
  onFailure: (cause: Cause) => void,
): Frame {
  const listening = new AbortController()
  const { signal } = listening
  const frame = document.createElement('iframe')
  let saidHello = false
  let hasLoaded = false
  let isExplaining = false
  let causeOf = (): Cause => 'timeout'

  function remove(): void {
    listening.abort()
    frame.remove()
  }
  function fail(cause: Cause): void {
    if (signal.aborted) return
    remove()
    onFailure(cause)
  }
  function after(ms: number, action: () => void): void {
    setTimeout(() => signal.aborted || action(), ms)
  }

  function greeted(data: unknown, port: MessagePort | undefined): void {
    if (!port || signal.aborted || !isFromHub(data) || data.type !== 'welcome') return
    listening.abort()
    onWelcome(data, port)
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
    if (isExplaining) return
    isExplaining = true
    const silence = { hub, frame, hasLoaded: () => hasLoaded, fail, signal }
    causeOf = await inspector()
      .then((one) => one.explain(silence))
      .catch(() => causeOf)
  }

  addEventListener(
    'message',
    ({ origin, source, data, ports: [port] }) => {
      if (!saidHello && origin === hub && source && source === frame.contentWindow) greeted(data, port)
    },
    { signal },
  )
  document.addEventListener(
    'securitypolicyviolation',
    ({ blockedURI, effectiveDirective, disposition }) => {
      const isFrame = /^(?:frame|child|default)-src$/.test(effectiveDirective)
      if (isFrame && disposition === 'enforce' && blockedURI.startsWith(hub)) fail('policy-forbids')
    },
    { signal },
  )
  frame.onload = () => {
    hasLoaded = true
    after(HELLO_AFTER_MS, sayHello)
    after(PROBE_AFTER_MS, findCause)
  }
  // Firefox tells of no load where it failed.
  after(timeoutMs / 2, findCause)
  after(timeoutMs, () => fail(causeOf()))

  const shown = button?.isConnected ? button : undefined
  // Not rendered: it takes no focus, and is not read out.
  frame.style.cssText = shown ? 'width:100%;height:100%;border:0' : 'display:none'
  frame.title = 'Isthmus'
  frame.referrerPolicy = 'origin'
  frame.allow = 'storage-access'
  const query = new URLSearchParams({
    // For the hub, where the Referer is withheld.
    origin: location.origin,
    ...(site !== undefined && { site }),
    ...(wantsToken && { token: '1' }),
    ...(shown && { button: '1' }),
  })
  frame.src = `${hub}${HUB_PATH}?${query}`
  // Not into the body: page loaders (Turbo, htmx, Astro) swap that at each click.
  ;(shown ?? document.documentElement).append(frame)
  return { element: frame, remove }
}
