import type { IncomingMessage, ServerResponse } from 'node:http'
import { MIRROR_PATH } from '@isthmus/protocol'
import { type BackchannelLogoutOptions, backchannelLogout as receiveLogout } from './backchannel-logout.ts'
import type { Verifier } from './create-verifier.ts'
import { mirrorEndpoint as keepToken, type MirrorOptions } from './mirror-endpoint.ts'
import { BODY_LIMIT } from './read-body.ts'
import type { Verdict } from './verdict.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in; set by `app.use(isthmus(verifier))`. */
      isthmus: Verdict
    }
  }
}

/** A middleware for Express and Connect. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Puts the {@link Verdict} of every request into `request.isthmus`, for handlers and templates after it. A page made for
 * one user is nobody else's: the answer becomes `Cache-Control: private, no-cache` and `Vary: Cookie`, unless a
 * handler says otherwise. Mount static files before it.
 */
export function isthmus(verifier: Verifier): Middleware {
  return (request, response, next) => {
    verifier.verify(request).then((verdict) => {
      Object.assign(request, { isthmus: verdict })
      response.setHeader('Cache-Control', 'private, no-cache')
      response.appendHeader('Vary', 'Cookie, Authorization')
      next()
    }, next)
  }
}

/** `app.use(mirrorEndpoint(verifier, { origins }))`: POST and DELETE at `/isthmus/mirror`; other paths go on. */
export function mirrorEndpoint(verifier: Verifier, options: MirrorOptions & { readonly path?: string }): Middleware {
  const { path = MIRROR_PATH, ...rest } = options
  const handle = adapt(keepToken(verifier, rest))
  return (request, response, next) => {
    if (pathOf(request) === path) handle(request, response, next)
    else next()
  }
}

/** `app.post('/isthmus/backchannel-logout', backchannelLogout(verifier))`: at the address you gave to the hub. */
export function backchannelLogout(verifier: Verifier, options: BackchannelLogoutOptions = {}): Middleware {
  return adapt(receiveLogout(verifier, options))
}

/** As node:http and Express give them; a body parser may have been there before. */
type Incoming = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown }

function adapt(handle: (request: Request) => Promise<Response>): Middleware {
  return (incoming, response, next) => {
    answerTo(incoming, handle)
      .then(async (answer) => {
        const text = await answer.text()
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
      })
      .catch(next)
  }
}

async function answerTo(incoming: Incoming, handle: (request: Request) => Promise<Response>): Promise<Response> {
  const { method = 'GET' } = incoming
  const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  // The handlers look at neither host nor path.
  const request = new Request('http://site.invalid', {
    method,
    headers,
    ...(method === 'POST' && { body: await bodyOf(incoming) }),
  })
  return handle(request)
}

async function bodyOf(incoming: Incoming): Promise<NonNullable<RequestInit['body']>> {
  const { body } = incoming
  if (body === undefined) return readUpTo(incoming, BODY_LIMIT)
  if (typeof body === 'string' || body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>
  const isJson = incoming.headers['content-type']?.startsWith('application/json')
  return isJson ? JSON.stringify(body) : new URLSearchParams(body as Record<string, string>)
}

/** The body, or so much of it that it is seen to be too long. The rest flows by: a paused request holds up its connection. */
function readUpTo(incoming: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    incoming
      .on('data', (chunk: Uint8Array) => {
        if (length > limit) return
        length += chunk.length
        chunks.push(chunk)
        if (length > limit) resolve(Buffer.concat(chunks))
      })
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject)
  })
}

function pathOf(request: Incoming): string | undefined {
  return (request.originalUrl ?? request.url)?.split('?', 1)[0]
}
