import type { ErrorCode } from '@isthmus/protocol'
import { doubt } from './answers.ts'
import type { Cause } from './cause.ts'
import { ask, unsend } from './questions.ts'
import type { Draft } from './state.ts'

// Whether the hub is heard: the frame and its port, and attempts after failures.

export function open(draft: Draft): void {
  draft.port = 'opening'
  draft.openedAt = draft.now
  draft.openedAsOf = draft.taken
  draft.effects.push({ type: 'open-frame', failures: draft.failures })
}

export function frameFailed(draft: Draft, cause: Cause): void {
  lose(draft)
  retry(draft, cause)
}

/** The frame is there, but the hub behind it did not answer a question. */
export function questionFailed(draft: Draft, code: ErrorCode): void {
  if (code === 'timeout') frameFailed(draft, code)
  else if (code === 'not-registered') retry(draft, code)
  else if (isPassing(code) && draft.port === 'open') retry(draft, code === 'internal' ? 'hub-failing' : 'unreachable')
}

/** It is time for another attempt: the pause is over, or the user is there. */
export function wake(draft: Draft, type: 'retry-due' | 'looked-at'): void {
  const isLook = type === 'looked-at'
  // Nobody knows yet how the first attempt goes; one that already failed must not make a user wait who came back.
  if (draft.port === 'opening' && (draft.failures === 0 || !isLook)) return
  if (draft.port !== 'open') open(draft)
  else if (isLook || draft.failures > 0) ask(draft)
}

/** The hub may do the same thing later. */
export function isPassing(code: ErrorCode): code is 'unreachable' | 'timeout' | 'internal' {
  return code === 'unreachable' || code === 'timeout' || code === 'internal'
}

/** The way to the hub is gone. */
export function lose(draft: Draft): void {
  draft.port = 'closed'
  draft.stream = 'idle'
  unsend(draft)
}

/** The session is unknown until another attempt. */
export function retry(draft: Draft, cause: Cause): void {
  draft.restoring = false
  const failures = ++draft.failures
  doubt(draft, cause)
  draft.effects.push({ type: 'retry-after', failures })
}
