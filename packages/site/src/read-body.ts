import { refusal } from './refuse.ts'

/** The body of a request as text; throws `token-too-long` once it is longer than `limit` bytes, and reads no further. */
export async function readBody(request: Request, limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  // Cancelling would break the connection that the refusal has to travel on.
  for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
    length += chunk.length
    if (length > limit) throw refusal('token-too-long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
