import { IsthmusError, MIRROR_PATH, type Origin } from '@isthmus/protocol'
import type { Known } from './machine.ts'
import { mirrorInCookie } from './mirror-cookie.ts'
import { mirrorAtEndpoint } from './mirror-endpoint.ts'

/** Where the session is kept beside this page's memory: for the site's back end, and for the first paint of the next page. */
export interface Mirror {
  /** What the page before left, if it can be read and may still be true. */
  read(): Known | undefined
  keep(token: string, cookieDomain: string | undefined): void
  /** The session is over: nothing of it stays. */
  clear(): void
}

export type MirrorOption = false | 'cookie' | 'endpoint'

/** No mirror: nothing is read, and nothing is written. */
const NONE: Mirror = { read: () => undefined, keep() {}, clear() {} }

export function createMirror(
  option: MirrorOption,
  path: string | undefined,
  hub: Origin,
  site: string | undefined,
): Mirror {
  if (option === 'cookie') return mirrorInCookie(hub, site)
  if (option !== 'endpoint') return NONE
  const url = new URL(path ?? MIRROR_PATH, location.href)
  if (url.origin === location.origin) return mirrorAtEndpoint(url.href)
  throw new IsthmusError(
    'config-invalid',
    `createSession: mirrorPath is a path of this site, not ${JSON.stringify(path)}.`,
  )
}
