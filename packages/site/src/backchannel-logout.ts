import { ERRORS, IsthmusError } from '@isthmus/protocol'
import type { Verifier } from './create-verifier.ts'
import type { LogoutNotice } from './logout-token.ts'
import { readBody } from './read-body.ts'
import { refusal } from './refuse.ts'

/** What {@link backchannelLogout} takes. */
export interface BackchannelLogoutOptions {
  /**
   * Runs after the session was revoked: end your own session of it here. Where `sid` is absent, all of the user's.
   * If it throws, the hub is told so and tries again; so it must bear to run twice.
   */
  readonly onLogout?: (ended: LogoutNotice) => unknown
}

/**
 * Receives OpenID Connect Back-Channel Logout 1.0 (§2.5 to §2.8), as a WHATWG handler: POST of a form with
 * `logout_token`. Answers 200, or 400 with `error`, `error_description` and our own `code`; 503 where the hub's keys
 * cannot be had, and 500 where `onLogout` throws: both are worth another attempt.
 */
export function backchannelLogout(
  verifier: Verifier,
  { onLogout }: BackchannelLogoutOptions = {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    const headers = { 'Cache-Control': 'no-store' }
    try {
      const form = new URLSearchParams(await readForm(request))
      const tokens = form.getAll('logout_token')
      if (tokens.length !== 1) throw refusal('invalid-request', 'The form holds one logout_token.')
      await verifier.receiveLogout(tokens[0], onLogout)
      return new Response(null, { status: 200, headers })
    } catch (error) {
      if (!(error instanceof IsthmusError)) {
        console.error('isthmus: back-channel logout failed:', error)
        return Response.json({ error: 'server_error', code: 'internal' }, { status: 500, headers })
      }
      const { code, message } = error
      // The site is built wrong. The hub tries again, and says in its own log that this site fails.
      if (code === 'config-invalid') console.error(`isthmus: back-channel logout failed: ${message}`)
      const body = { error: 'invalid_request', error_description: message, code }
      const isOurs = ERRORS[code].retry || code === 'config-invalid'
      return Response.json(body, { status: isOurs ? ERRORS[code].status : 400, headers })
    }
  }
}

async function readForm(request: Request): Promise<string> {
  const isForm = /^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers.get('content-type') ?? '')
  if (request.method !== 'POST' || !isForm) {
    throw refusal('invalid-request', 'A logout comes by POST, as application/x-www-form-urlencoded.')
  }
  return readBody(request)
}
