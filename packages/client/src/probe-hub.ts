import { discovery } from 'virtual:isthmus/tables'
import { type Discovery, ENDPOINTS, type Origin } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'

/** What a plain request to the hub shows when its frame stays silent; `undefined`: it is there, and knows this origin. */
export type Probe = 'not-registered' | 'unreachable' | undefined

/** Asks the hub's public document, without cookies. */
export async function probeHub(hub: Origin): Promise<Probe> {
  try {
    const response = await fetch(hub + ENDPOINTS.discovery.path, { credentials: 'omit', cache: 'no-store' })
    const found = readAs(discovery, await response.json())
    if (found === MISFIT) return 'unreachable'
    return (found as Discovery).site === null ? 'not-registered' : undefined
  } catch {
    return 'unreachable'
  }
}
