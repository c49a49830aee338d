import type { Silence } from '../hub/transport.ts'
import type { Cause } from '../session/cause.ts'
import { probeHub } from './probe-hub.ts'

/** Asks the hub beside its frame, which is silent. Gives what is to be said when the time is over. */
export async function explainSilence({ hub, frame, hasLoaded, fail, signal }: Silence): Promise<() => Cause> {
  if (!frame.isConnected) fail('frame-removed')
  let isForbidden = false
  document.addEventListener(
    'securitypolicyviolation',
    ({ blockedURI, effectiveDirective, disposition }) => {
      // The page's policy lets nobody ask: that says nothing of the hub.
      isForbidden ||= disposition === 'enforce' && blockedURI.startsWith(hub) && effectiveDirective === 'connect-src'
    },
    { signal },
  )
  const found = await probeHub(hub, signal)
  if (isForbidden) return () => 'policy-hides-cause'
  if (found) fail(found)
  return () => {
    // While it loads, the frame still holds its own empty document. Whatever came in its place was not the hub.
    const isRefused = hasLoaded() || frame.contentDocument === null
    // Its policy admits a site's own pages as embedders, at every level.
    return isRefused ? (window === top ? 'frame-silent' : 'embedded') : 'timeout'
  }
}
