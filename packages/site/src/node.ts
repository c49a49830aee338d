import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { BODY_LIMIT, READ_BEFORE } from './read-body.ts'
import { refusal } from './refuse.ts'

/** What node:http and node:http2 give, and whatever is built on them; a body parser may have been there before. */
export type Incoming = (IncomingMessage | Http2ServerRequest) & {
  readonly originalUrl?: string
  readonly body?: unknown
}

/** A handler for node:http, and at the same time a middleware for Express and Connect. */
export type Middleware = (
  request: Incoming,
  response: ServerResponse | Http2ServerResponse,
  next?: (error?: unknown) => void,
) => void

/**
 * Serves a WHATWG handler, {@link backchannelLogout} or {@link mirrorEndpoint}, in anything that is built on node:http:
 * `toNode(handle)(request.raw, reply.raw)` in Fastify, `toNode(handle)(context.req, context.res)` in Koa. A body that was
 * parsed already is taken from `request.body`; one that was read and is not there is an error that says so.
 *
 * The handler looks at method, headers and body only: the address of its request is a placeholder.
 */
export function toNode(handle: (request: Request) => Promise<Response>): Middleware {
  return (incoming, response, next) => {
    answerTo(incoming, handle)
      .then(async (answer) => {
        const text = await answer.text()
        ;(response as ServerResponse).writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
      })
      .catch(
        next ??
          ((error: unknown) => {
            console.error('isthmus:', error)
            ;(response as ServerResponse).writeHead(500).end()
          }),
      )
  }
}

async function answerTo(incoming: Incoming, handle: (request: Request) => Promise<Response>): Promise<Response> {
  const { method = 'GET' } = incoming
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    // HTTP/2 puts method and path there, as ":method" and ":path".
    if (!name.startsWith(':') && value !== undefined) headers.set(name, String(value))
  }
  const body = method === 'POST' ? { body: await bodyOf(incoming), duplex: 'half' as const } : {}
  // Connect, trace and track cannot be said in a Request; they are answered as what they are here: nothing.
  const known = /^(?:connect|trace|track)$/i.test(method) ? 'GET' : method
  return handle(new Request('http://site.invalid', { method: known, headers, ...body }))
}

async function bodyOf(
  incoming: Incoming,
): Promise<string | Uint8Array<ArrayBuffer> | URLSearchParams | ReadableStream<Uint8Array>> {
  const { body } = incoming
  if (typeof body === 'string' || body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>
  // Express 4 makes `{}` of a body that its parser did not look at: what counts is whether the stream was read.
  if (!incoming.readableDidRead && !incoming.readableEnded) return readUpTo(incoming, BODY_LIMIT)
  if (typeof body !== 'object' || body === null) return failing(refusal('config-invalid', READ_BEFORE))
  const isJson = /^application\/json(?:;|$)/i.test(incoming.headers['content-type'] ?? '')
  return isJson ? JSON.stringify(body) : formOf(body)
}

/** The handler that reads it answers, and logs, what is wrong. */
function failing(error: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.error(error) })
}

/** A form as it came: a name that was there twice is there twice. */
function formOf(body: object): URLSearchParams {
  const pairs = Object.entries(body).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  )
  return new URLSearchParams(pairs)
}

/** The body, or so much of it that it is seen to be too long. The rest flows by: a paused request holds up its connection. */
function readUpTo(incoming: Incoming, limit: number): Promise<Uint8Array<ArrayBuffer>> {
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
