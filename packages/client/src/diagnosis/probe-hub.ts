import { discovery } from 'virtual:isthmus/tables'
import { type Discovery, ENDPOINTS, type Origin } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Cause } from '../session/cause.ts'

/** Reports of a policy are there by then. */
const REPORT_AFTER_MS = 50

/** What plain requests to the hub show when its frame stays silent; `undefined`: it is there, well, and knows this origin. */
export async function probeHub(hub: Origin, signal: AbortSignal): Promise<Cause | undefined> {
  const init = { credentials: 'omit', cache: 'no-store', signal } as const
  try {
    const response = await fetch(hub + ENDPOINTS.discovery.path, init)
    if (response.status >= 500) return 'hub-failing'
    const found = readAs(discovery, await response.json())
    if (found === MISFIT) return 'not-a-hub'
    if ((found as Discovery).site === null) return 'not-registered'
    const { ok } = await fetch(hub + ENDPOINTS.healthz.path, init)
    return ok ? undefined : 'hub-failing'
  } catch {
    // A browser keeps back what is not shared across origins, as every hub's discovery is; that something answers, it tells.
    return fetch(hub, { ...init, mode: 'no-cors' }).then(
      () => 'not-a-hub',
      // That the page's own policy forbade it is reported in a later task.
      () => new Promise((resolve) => setTimeout(resolve, REPORT_AFTER_MS, 'unreachable')),
    )
  }
}
