import { BODY_LIMIT_BYTES, IsthmusError } from '@isthmus/protocol'

/** Whether a request by this method can have a body that is read. */
export function mayHaveBody({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}

/** The request, if its body is as short as it must be; one of unknown length is read first, up to the limit. */
export async function limitBody(request: Request, limit: number = BODY_LIMIT_BYTES): Promise<Request> {
  // The body of a GET would have to be built to be looked at.
  if (!mayHaveBody(request)) return request
  const { headers } = request
  const length = headers.get('content-length')
  if (length !== null && !headers.has('transfer-encoding')) {
    if (!(Number(length) <= limit)) throw tooLarge(limit)
    return request
  }
  if (request.body === null) return request
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.length
    if (bytes > limit) {
      reader.cancel().catch(() => undefined)
      throw tooLarge(limit)
    }
    chunks.push(value)
  }
  return new Request(request.url, { method: request.method, headers, body: Buffer.concat(chunks) })
}

function tooLarge(limit: number): IsthmusError {
  return new IsthmusError('invalid-request', `A request body has at most ${limit} bytes.`)
}
