import { siteToken } from 'virtual:isthmus/tables'
import type { SiteToken } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'

/** The claims of a token, unverified: good enough for what is shown as stale, and for nothing else. */
export function readToken(token: string): SiteToken | undefined {
  try {
    const payload = atob((token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/'))
    const text = new TextDecoder().decode(Uint8Array.from(payload, (character) => character.charCodeAt(0)))
    const read = readAs(siteToken, JSON.parse(text))
    return read === MISFIT ? undefined : (read as SiteToken)
  } catch {
    return undefined
  }
}
