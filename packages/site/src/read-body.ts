import { TOKEN_LIMIT } from '@isthmus/protocol'
import { refusal } from './refuse.ts'

/** Longest body, in bytes: the longest token, and room for what is around it in JSON or in a form. */
export const BODY_LIMIT: number = TOKEN_LIMIT + 64

/** What stands in the log where the body is gone; the cure is the same everywhere. */
export const READ_BEFORE =
  'The body of this request was read before, and nothing of it is left: put this handler before body parsers and whatever else reads requests, or let the parser leave its result in request.body.'

/**
 * The body of a request as text; throws `token-too-long` once it is longer than {@link BODY_LIMIT}, and reads no
 * further. Any class of request will do: one whose stream is WHATWG's, Node's, or hidden behind `text()`.
 */
export async function readBody(request: Request): Promise<string> {
  if (request.bodyUsed) throw refusal('config-invalid', READ_BEFORE)
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for await (const chunk of chunksOf(request)) {
    length += chunk.length
    if (length > BODY_LIMIT) throw refusal('token-too-long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Cancelling would break the connection that the refusal has to travel on: what is not read is left alone. */
async function* chunksOf(request: Request): AsyncGenerator<Uint8Array> {
  const body = request.body as ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | null | undefined
  if (body === null) return
  if (body && 'getReader' in body) {
    const reader = body.getReader()
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
    } finally {
      reader.releaseLock()
    }
  } else if (body) {
    yield* body
  } else {
    yield new TextEncoder().encode(await request.text())
  }
}
