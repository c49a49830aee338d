import type { UnknownReason } from '@isthmus/protocol'

import { type Cause, reasonOf } from '../session/cause.ts'

/** One thing that does not work: what, why, and what to do about it. */
export interface Finding {
  /** Finer than the reason of the Snapshot; public, and never renamed. */
  readonly code: Cause
  /** What the Snapshot says. */
  readonly reason: UnknownReason
  readonly message: string
  readonly cure: string
}

/** The diagnosis, in words for the developers of the site. */
export function findingOf(cause: Cause, hub: string, directive: 'frame-src' | 'connect-src'): Finding {
  const texts: Record<Cause, readonly [message: string, cure: string]> = {
    partitioned: ['This browser has no link to the hub for this site.', 'Call link() or signIn().'],
    unreachable: [`The hub ${hub} cannot be reached.`, 'Is the name right, the network there, the hub running?'],
    'hub-failing': [`The hub ${hub} answers, but fails.`, 'See its log.'],
    'not-a-hub': [
      `What answers at ${hub} is no hub.`,
      "A proxy's error page, another program, or the login of a public network?",
    ],
    timeout: [`The hub ${hub} did not answer in time.`, 'A slow network, or an extension that blocks frames?'],
    'policy-forbids': [
      `This page's Content-Security-Policy forbids the hub.`,
      `Add "${directive} ${hub}" to the policy.`,
    ],
    'policy-hides-cause': [
      `The hub ${hub} did not answer in its frame, and this page's Content-Security-Policy hides why.`,
      `Add "connect-src ${hub}" to the policy.`,
    ],
    'frame-removed': ['The hidden frame of the hub was taken out of the page.', 'Does a script or an extension do so?'],
    'frame-silent': [`The hub ${hub} is there, but not in its frame.`, 'An extension that blocks frames?'],
    embedded: [
      `This page is in a frame of ${embedder()}: the hub shows nobody there, and signing in needs a tab.`,
      'Open it in a tab of its own, or call signIn() in the handler of a click.',
    ],
    'not-registered': [
      `The hub ${hub} does not know the origin ${location.origin}.`,
      `Add it to the origins of your site in createHub().`,
    ],
  }
  const [message, cure] = texts[cause]
  return { code: cause, reason: reasonOf(cause), message, cure }
}

/** Older browsers do not tell. */
function embedder(): string {
  const ancestors: ArrayLike<string> | undefined = location.ancestorOrigins
  return Array.from(ancestors ?? []).find((origin) => origin !== location.origin) ?? 'another page'
}
