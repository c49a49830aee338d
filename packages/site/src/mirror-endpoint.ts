import { ERRORS, HOST_TOKEN_COOKIE, IsthmusError } from '@isthmus/protocol'
import { type SetCookie, stringifySetCookie } from 'cookie'
import * as z from 'zod/mini'
import type { Verifier } from './create-verifier.ts'
import { parseOwnOrigins } from './options.ts'
import { readBody } from './read-body.ts'
import { refusal } from './refuse.ts'

/** What {@link mirrorEndpoint} needs to know. */
export interface MirrorOptions {
  /** The exact origins of this site's own pages. A request from anywhere else, or without an Origin, is refused. */
  readonly origins: readonly string[]
}

/** Browsers keep no cookie whose name and value are longer together (RFC 6265bis §5.6), and do not say so. */
const COOKIE_LIMIT_BYTES = 4096

const bodySchema = z.object({ token: z.string() })

/** `__Host-` demands Secure, Path=/ and no Domain: the cookie is this host's alone, and no script reads it. */
const cookie = {
  name: HOST_TOKEN_COOKIE,
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'lax',
} as const satisfies Partial<SetCookie>

/**
 * The site's own end of `mirror: 'endpoint'`, as a WHATWG handler: POST `{"token": "…"}` keeps the token in an HttpOnly
 * cookie after it was verified, DELETE takes it away. Answers 204, or a problem `{"error", "message"}`. The verifier has
 * to be made with `mirror: 'endpoint'`.
 * @throws {IsthmusError} `config-invalid`, with a sentence that names the key and the cure
 */
export function mirrorEndpoint(verifier: Verifier, options: MirrorOptions): (request: Request) => Promise<Response> {
  const origins = parseOwnOrigins(options.origins)
  if (verifier.mirror !== 'endpoint') {
    const sentence =
      '@isthmus/site: mirror needs "endpoint" in createVerifier: this verifier does not read the cookie that mirrorEndpoint sets.'
    throw refusal('config-invalid', sentence)
  }

  let complained = false

  async function cookieFor(request: Request): Promise<string> {
    if (!origins.some((own) => own === request.headers.get('origin'))) throw refusal('origin-refused')
    if (request.method === 'DELETE') return stringifySetCookie({ ...cookie, value: '', maxAge: 0 })
    if (request.method !== 'POST') throw refusal('not-found')
    const { token } = parseBody(request, await readBody(request))
    const verdict = await verifier.verify(token)
    if (verdict.error) throw verdict.error
    if (HOST_TOKEN_COOKIE.length + token.length > COOKIE_LIMIT_BYTES) {
      const sentence = `The token has ${token.length} characters, and a browser keeps no cookie beyond ${COOKIE_LIMIT_BYTES}: let the hub give this site fewer claims.`
      if (!complained) console.error(`isthmus: mirror failed: ${sentence}`)
      complained = true
      throw refusal('token-too-long', sentence)
    }
    // Not Expires: a browser whose clock is ahead would drop the cookie at once.
    const maxAge = Math.ceil((verdict.expiresAt - verifier.clock()) / 1000)
    return stringifySetCookie({ ...cookie, value: token, maxAge })
  }

  return async (request) => {
    const headers = { 'Cache-Control': 'no-store' }
    try {
      return new Response(null, { status: 204, headers: { ...headers, 'Set-Cookie': await cookieFor(request) } })
    } catch (error) {
      if (!(error instanceof IsthmusError)) throw error
      const { code, message } = error
      if (code === 'config-invalid') console.error(`isthmus: mirror failed: ${message}`)
      return Response.json({ error: code, message }, { status: ERRORS[code].status, headers })
    }
  }
}

function parseBody(request: Request, text: string): { token: string } {
  // Forms of other origins can send text/plain: only this type makes their browser ask for leave first.
  const isJson = /^application\/json(?:;|$)/i.test(request.headers.get('content-type') ?? '')
  try {
    if (isJson) return bodySchema.parse(JSON.parse(text))
  } catch {
    // Said below, as for any other shape.
  }
  throw refusal('invalid-request', 'The body is {"token": "…"}, as application/json.')
}
