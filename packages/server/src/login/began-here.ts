import { pendingOf } from '../requests/pending.ts'

/** Whether this browser began a pending sign-in: an address that was planted in another one comes without its cookie. */
export function beganHere(request: Request, pending: string): boolean {
  return pendingOf(request).includes(pending)
}
