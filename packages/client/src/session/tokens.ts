import type { Draft, Handlers, Known, Via } from './state.ts'

/** Tokens for the site's back end: of clients with a mirror, and of those that no stream brings the next one. */
export const tokens: Handlers = { withToken, keep }

/** Keeps the token where the answer brings no newer one: a tab tells none, and another hub server signs the same claims anew. */
function withToken(told: Known, via: Via, known: Known | undefined): Known {
  if (!isGranted(told) || !isGranted(known) || known.sid !== told.sid || known.token === undefined) return told
  const same = told.token === undefined ? via === 'tab' : claimsOf(told.token) === claimsOf(known.token)
  return same ? { ...told, token: known.token } : told
}

/** What becomes of the mirror. A page that was granted nothing leaves nothing behind. */
function keep({ habits, cookieDomain, effects }: Draft, known: Known | undefined): void {
  const token = isGranted(known) ? known.token : undefined
  // A state without a token, told by another tab: the answer with one is on its way.
  if (habits.mirrors && (token || !isGranted(known))) effects.push({ type: 'mirror', token, cookieDomain })
  if (known?.status === 'signed-in') effects.push({ type: 'renew-later' })
}

function isGranted(state: Known | undefined): state is Extract<Known, { access: 'granted' }> {
  return state?.status === 'signed-in' && state.access === 'granted'
}

/** All but the signature. */
function claimsOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}
