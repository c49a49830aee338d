import { findScript } from './find-script.ts'
import { followSession } from './follow-session.ts'
import { cookieMirror } from './mirror/cookie-mirror.ts'
import { keepMark } from './page/keep-mark.ts'
import type { Expiring } from './page/watch-end.ts'
import type { Session, SessionOptions } from './session.ts'
import { partsFrom, type TagParts } from './tag-parts.ts'

declare global {
  interface Window {
    /** The session of the script tag. */
    isthmus?: Session
  }
  interface DocumentEventMap {
    'isthmus:change': CustomEvent<Session['current']>
    'isthmus:expiring': CustomEvent<Expiring>
    /** `data-mirror="endpoint"`: the site's back end has taken the token, or dropped it. */
    'isthmus:mirrored': CustomEvent<null>
  }
}

/** Starts one session for `<script src="https://auth.example.com/isthmus/client.js" async></script>`: the hub is the script's origin, options are `data-*`. */
function startFromTag({ dataset, src }: HTMLScriptElement): void {
  const { site, link, timeoutMs, hub, button, mirror, mirrorPath, transport } = dataset
  const parts = partsFrom(src || String(hub))
  const place = button === undefined ? null : document.querySelector<HTMLElement>(button)
  const options: SessionOptions = {
    hub: hub ?? new URL(src).origin,
    ...(site !== undefined && { site }),
    ...((link === 'auto' || link === 'eager' || link === 'manual') && { link }),
    // Not loaded on demand, as the other features are: the first frame shows what the cookie says.
    ...(mirror === 'cookie' && { mirror: cookieMirror() }),
    ...(place && { button: place }),
    ...(timeoutMs !== undefined && Number(timeoutMs) > 0 && { timeoutMs: Number(timeoutMs) }),
  }
  if (button !== undefined && !place) {
    warn(`no element matches data-button="${button}" yet. Put it before the script, or use defer.`)
  }
  if (Object.keys(dataset).length > 0)
    parts.faults().then(
      (faultsOf) => faultsOf(dataset).forEach(warn),
      () => {},
    )
  if (mirror !== 'endpoint' && transport !== 'fetch') {
    start(options, parts)
    return
  }
  void parts
    .features()
    .then(({ endpointMirror, fetchTransport }) => ({
      ...(mirror === 'endpoint' && { mirror: endpointMirror(mirrorPath) }),
      ...(transport === 'fetch' && { transport: fetchTransport() }),
    }))
    .catch(() => {
      warn('part-missing: the session is followed by the frame, without a mirror.')
      return {}
    })
    .then((features) => start({ ...options, ...features }, parts))
    .catch(complain)
}

function start(options: SessionOptions, parts: TagParts): void {
  // Two tags are one session.
  if (isStarted()) return
  const session = followSession(options, parts)
  window.isthmus = session
  keepMark(session)
  session.subscribe((snapshot) => document.dispatchEvent(new CustomEvent('isthmus:change', { detail: snapshot })))
}

function warn(sentence: string): void {
  console.warn(`isthmus: ${sentence}`)
}

/** In one sentence; the page goes on. */
function complain(error: unknown): void {
  console.error(`isthmus: ${(error as Error).message}`)
}

/** An element with the id `isthmus` is no session: browsers show it under that name, too. */
function isStarted(): boolean {
  return window.isthmus !== undefined && !(window.isthmus instanceof Element)
}

const script = findScript()
if (!script) {
  console.error(
    'isthmus: which hub? Load this script by <script src="https://auth.example.com/isthmus/client.js" async></script>.',
  )
} else if (!isStarted()) {
  try {
    startFromTag(script)
  } catch (error) {
    complain(error)
  }
}
