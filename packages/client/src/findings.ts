import type { UnknownReason } from '@isthmus/protocol'

/** One thing that does not work: what, why, and what to do about it. */
export interface Finding {
  readonly code: Exclude<UnknownReason, 'loading'>
  readonly message: string
  readonly cure: string
}

/** The diagnosis behind a reason; `undefined` while loading. */
export function findingOf(reason: UnknownReason, hub: string, transport: 'frame' | 'fetch'): Finding | undefined {
  if (reason === 'loading') return undefined
  const directive = transport === 'fetch' ? 'connect-src' : 'frame-src'
  const findings: Record<Finding['code'], readonly [message: string, cure: string]> = {
    partitioned: ['This browser has no link to the hub for this site.', 'Call link() or signIn().'],
    unreachable: [`The hub ${hub} cannot be reached.`, 'Is it running?'],
    timeout: [`The hub ${hub} did not answer in time.`, 'A slow network, or an extension that blocks frames?'],
    blocked: [`This page's Content-Security-Policy forbids the hub.`, `Add "${directive} ${hub}" to the policy.`],
    'not-registered': [
      `The hub ${hub} does not know the origin ${location.origin}.`,
      `Add it to the origins of your site in createHub().`,
    ],
  }
  const [message, cure] = findings[reason]
  return { code: reason, message, cure }
}
