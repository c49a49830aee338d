import { IsthmusError, MIRROR_PATH, type Origin } from '@isthmus/protocol'
import { mirrorInCookie } from './cookie-mirror.ts'
import { mirrorAtEndpoint } from './endpoint-mirror.ts'
import type { Mirror } from './mirror.ts'

/** The mirror that the page asks for, if it does. */
export function createMirror(
  kind: false | 'cookie' | 'endpoint',
  path: string | undefined,
  hub: Origin,
  site: string | undefined,
): Mirror | undefined {
  if (kind === 'cookie') return mirrorInCookie(hub, site)
  if (kind !== 'endpoint') return undefined
  const url = new URL(path ?? MIRROR_PATH, location.href)
  if (url.origin === location.origin) return mirrorAtEndpoint(url.href)
  throw new IsthmusError(
    'config-invalid',
    `createSession: mirrorPath is a path of this site, not ${JSON.stringify(path)}.`,
  )
}
