import type { UnknownReason } from '@isthmus/protocol'

/** Why the session is unknown, as exactly as it can be found out. */
export type Cause =
  | 'partitioned'
  | 'unreachable'
  | 'hub-failing'
  | 'not-a-hub'
  | 'timeout'
  | 'policy-forbids'
  | 'policy-hides-cause'
  | 'frame-removed'
  | 'frame-silent'
  | 'embedded'
  | 'not-registered'

/** What the causes make of the session that are finer than what a Snapshot says. */
const REASONS: { readonly [C in Cause]?: UnknownReason } = {
  'hub-failing': 'unreachable',
  'not-a-hub': 'unreachable',
  'policy-forbids': 'blocked',
  'policy-hides-cause': 'timeout',
  'frame-removed': 'blocked',
  'frame-silent': 'blocked',
  embedded: 'blocked',
}

export function reasonOf(cause: Cause): UnknownReason {
  return REASONS[cause] ?? (cause as UnknownReason)
}
