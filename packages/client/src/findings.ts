import type { UnknownReason } from '@isthmus/protocol'

/** One thing that does not work: what, why, and what to do about it. */
export interface Finding {
  readonly code: Exclude<UnknownReason, 'loading'>
  readonly message: string
  readonly cure: string
}

const FINDINGS: Record<Finding['code'], (hub: string, directive: string) => readonly [string, string]> = {
  partitioned: () => [
    'This browser keeps the hub of each site apart, and this site is not linked yet.',
    'Call session.link() or session.signIn().',
  ],
  unreachable: (hub) => [`The hub ${hub} cannot be reached.`, 'Is it running? Attempts go on by themselves.'],
  timeout: (hub) => [
    `The hub ${hub} did not answer in time.`,
    'A slow network, or an extension that blocks frames. Attempts go on by themselves.',
  ],
  blocked: (hub, directive) => [
    `This page's Content-Security-Policy forbids the way to the hub.`,
    `Add "${directive} ${hub}" to the policy.`,
  ],
  'not-registered': (hub) => [
    `The hub ${hub} does not know the origin ${location.origin}.`,
    `Add it to the origins of your site where createHub() is called.`,
  ],
}

/** The diagnosis behind a reason; `undefined` while loading. */
export function findingOf(reason: UnknownReason, hub: string, transport: 'frame' | 'fetch'): Finding | undefined {
  if (reason === 'loading') return undefined
  const [message, cure] = FINDINGS[reason](hub, transport === 'fetch' ? 'connect-src' : 'frame-src')
  return { code: reason, message, cure }
}
