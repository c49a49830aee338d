import { TOKEN_LIMIT } from '@isthmus/protocol'
import { refusal } from './refuse.ts'

/** Longest body, in bytes: the longest token, and room for what is around it in JSON or in a form. */
export const BODY_LIMIT: number = TOKEN_LIMIT + 64

/** The body of a request as text; throws `token-too-long` once it is longer than {@link BODY_LIMIT}, and reads no further. */
export async function readBody(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  // Cancelling would break the connection that the refusal has to travel on.
  for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
    length += chunk.length
    if (length > BODY_LIMIT) throw refusal('token-too-long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
