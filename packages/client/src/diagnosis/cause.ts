import type { UnknownReason } from '@isthmus/protocol'

/** Why the session is unknown, as exactly as it can be found out. */
export type Cause =
  | 'partitioned'
  | 'unreachable'
  | 'hub-failing'
  | 'not-a-hub'
  | 'timeout'
  | 'policy-forbids'
  | 'frame-removed'
  | 'frame-silent'
  | 'embedded'
  | 'not-registered'

/** What every cause makes of the session. */
export const REASON_OF: Readonly<Record<Cause, UnknownReason>> = {
  partitioned: 'partitioned',
  unreachable: 'unreachable',
  'hub-failing': 'unreachable',
  'not-a-hub': 'unreachable',
  timeout: 'timeout',
  'policy-forbids': 'blocked',
  'frame-removed': 'blocked',
  'frame-silent': 'blocked',
  embedded: 'blocked',
  'not-registered': 'not-registered',
}
