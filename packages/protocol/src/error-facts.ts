import type { ErrorCode, IsthmusError } from './errors.ts'

interface ErrorFacts {
  /** HTTP status of an answer that carries this error. */
  readonly status: number
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retry: boolean
  /** What people are told: it names nobody, and nothing of the hub's inside. */
  readonly sentence: string
}

/** What each error code means. Apart from the class: browser bundles carry the codes only. */
export const ERRORS = {
  'config-invalid': { status: 500, retry: false, sentence: 'The configuration is wrong.' },
  'invalid-request': { status: 400, retry: false, sentence: 'The request does not have the expected shape.' },
  'origin-refused': { status: 403, retry: false, sentence: 'Requests from this origin are not accepted here.' },
  'not-registered': { status: 403, retry: false, sentence: 'This origin is not registered with the hub.' },
  'return-to-refused': { status: 400, retry: false, sentence: 'The return address does not belong to the site.' },
  'no-session': { status: 401, retry: false, sentence: 'The request carries no session.' },
  'proof-refused': { status: 401, retry: true, sentence: 'The proof of possession does not hold.' },
  'ticket-unknown': { status: 410, retry: false, sentence: 'The ticket was used already, or never existed.' },
  'ticket-expired': { status: 410, retry: false, sentence: 'The ticket is older than it may be.' },
  'ticket-mismatch': { status: 403, retry: false, sentence: 'The ticket was issued for someone else.' },
  'visit-unknown': {
    status: 410,
    retry: false,
    sentence: 'The visit was made already, is too old, or was never registered.',
  },
  'token-missing': { status: 401, retry: false, sentence: 'The request carries no token.' },
  'token-too-long': { status: 413, retry: false, sentence: 'The token is longer than any that a hub issues.' },
  'token-ambiguous': { status: 401, retry: false, sentence: 'The request carries two different tokens in one cookie.' },
  'token-malformed': { status: 401, retry: false, sentence: 'This is no signed token.' },
  'token-wrong-algorithm': { status: 401, retry: false, sentence: 'The token is not signed with ES256.' },
  'token-unknown-key': { status: 401, retry: false, sentence: 'The hub publishes no such key.' },
  'token-bad-signature': { status: 401, retry: false, sentence: 'The signature does not belong to the token.' },
  'token-wrong-type': { status: 401, retry: false, sentence: 'The token was issued for another purpose.' },
  'token-wrong-issuer': { status: 401, retry: false, sentence: 'The token was issued by another hub.' },
  'token-wrong-audience': { status: 401, retry: false, sentence: 'The token was issued for another site.' },
  'token-expired': { status: 401, retry: false, sentence: 'The token is older than it may be.' },
  'token-not-yet-valid': { status: 401, retry: false, sentence: 'The token is from the future.' },
  'token-revoked': { status: 401, retry: false, sentence: 'The session of the token is over.' },
  'logout-without-event': { status: 400, retry: false, sentence: 'The token does not say that a session ended.' },
  'logout-with-nonce': { status: 400, retry: false, sentence: 'A logout token must not carry a nonce.' },
  'logout-without-subject': { status: 400, retry: false, sentence: 'The token names neither session nor user.' },
  'logout-replayed': { status: 400, retry: false, sentence: 'The logout token was received before.' },
  'sign-in-refused': { status: 403, retry: false, sentence: 'The proof of who signed in does not hold.' },
  'key-refused': { status: 401, retry: false, sentence: 'The request carries no key that is good here.' },
  'too-many-requests': { status: 429, retry: true, sentence: 'There were too many requests in a short time.' },
  'not-found': { status: 404, retry: false, sentence: 'There is no such endpoint.' },
  unreachable: { status: 503, retry: true, sentence: 'The hub cannot be reached.' },
  timeout: { status: 504, retry: true, sentence: 'The hub did not answer in time.' },
  'storage-refused': { status: 500, retry: false, sentence: 'The browser keeps no data for this page.' },
  destroyed: { status: 500, retry: false, sentence: 'The session object was destroyed.' },
  internal: { status: 500, retry: true, sentence: 'The hub failed.' },
} as const satisfies Record<string, ErrorFacts>

/** Whether a text is one of the codes. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERRORS, text)
}

/** What people are told of an error: its own message, or the sentence of its code. */
export function sentenceOf(error: IsthmusError): string {
  return error.message === error.code ? ERRORS[error.code].sentence : error.message
}
