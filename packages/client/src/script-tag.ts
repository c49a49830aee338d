import { part as diagnosis } from './diagnosis/diagnosis-part.ts'
import { findScript } from './find-script.ts'
import { followSession } from './follow-session.ts'
import { fetchTransport } from './hub/fetch-transport.ts'
import { cookieMirror } from './mirror/cookie-mirror.ts'
import { endpointMirror } from './mirror/endpoint-mirror.ts'
import { keepMark } from './page/keep-mark.ts'
import { part as page } from './page/page-part.ts'
import type { Expiring } from './page/watch-end.ts'
import type { Parts } from './parts.ts'
import type { Session, SessionOptions } from './session.ts'
import { faultsOf } from './tag-faults.ts'
import { part as travel } from './travel/travel-part.ts'

const PARTS: Parts = { page: async () => page, travel: async () => travel, diagnosis: async () => diagnosis }

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
function startFromTag(script: HTMLScriptElement): void {
  const { site, link, mirror, mirrorPath, transport, timeoutMs, hub, button } = script.dataset
  const place = button === undefined ? null : document.querySelector<HTMLElement>(button)
  const options: SessionOptions = {
    hub: hub ?? new URL(script.src).origin,
    ...(site !== undefined && { site }),
    ...((link === 'auto' || link === 'manual') && { link }),
    ...(mirror === 'cookie' && { mirror: cookieMirror() }),
    ...(mirror === 'endpoint' && { mirror: endpointMirror(mirrorPath) }),
    ...(transport === 'fetch' && { transport: fetchTransport() }),
    ...(place && { button: place }),
    ...(timeoutMs !== undefined && Number(timeoutMs) > 0 && { timeoutMs: Number(timeoutMs) }),
  }
  if (button !== undefined && !place) {
    console.warn(`isthmus: no element matches data-button="${button}" yet. Put it before the script, or use defer.`)
  }
  for (const fault of faultsOf(script.dataset)) console.warn(`isthmus: ${fault}`)
  const session = followSession(options, PARTS)
  window.isthmus = session
  keepMark(session)
  session.subscribe((snapshot) => {
    document.documentElement.dataset.isthmus = snapshot.status
    document.dispatchEvent(new CustomEvent('isthmus:change', { detail: snapshot }))
  })
}

// Two tags are one session. An element with the id `isthmus` is none: browsers show it under that name, too.
if (!window.isthmus || window.isthmus instanceof Element) {
  const script = findScript()
  if (script) {
    try {
      startFromTag(script)
    } catch (error) {
      // Said in one sentence; the page goes on.
      console.error(`isthmus: ${(error as Error).message}`)
    }
  } else
    console.error(
      'isthmus: which hub? Load this script by <script src="https://auth.example.com/isthmus/client.js" async></script>.',
    )
}
