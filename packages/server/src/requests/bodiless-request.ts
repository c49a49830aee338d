import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Origin } from '@isthmus/protocol'

/** Addresses that `new URL` gives back as they are. */
const PLAIN_TARGET = /^\/[\w\-./?&=~+,:;@!$()*%]*$/

/** Hosts that need no second look. */
const PLAIN_HOST = /^[\w.-]+(?::\d+)?$/

/** Headers of node:http, read as `Headers` are. Names are in lower case, as all those that the hub reads. */
class IncomingHeaders implements Pick<Headers, 'get' | 'has'> {
  readonly #fields: IncomingHttpHeaders
  constructor(fields: IncomingHttpHeaders) {
    this.#fields = fields
  }
  get(name: string): string | null {
    const value = this.#fields[name]
    if (value === undefined) return null
    return typeof value === 'string' ? value : value.join(', ')
  }
  has(name: string): boolean {
    return this.#fields[name] !== undefined
  }
}
Object.setPrototypeOf(IncomingHeaders.prototype, Headers.prototype)

class BodilessRequest implements Pick<Request, 'method' | 'url' | 'body'> {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHeaders
  readonly body = null
  constructor(method: string, url: string, headers: IncomingHttpHeaders) {
    this.method = method
    this.url = url
    this.headers = new IncomingHeaders(headers)
  }
}
Object.setPrototypeOf(BodilessRequest.prototype, Request.prototype)

/**
 * A request of node:http without a body, for the hub's own routes: of a `Request` it has what they read (method, address,
 * the headers that they name) and nothing else. A whole one costs more than a short answer.
 * `undefined` where one has to be built: there is a body, or the address or the host may be none.
 */
export function bodilessRequest({ method, url, headers }: IncomingMessage, origin: Origin): Request | undefined {
  if ((method !== 'GET' && method !== 'HEAD') || url === undefined || !PLAIN_TARGET.test(url)) return undefined
  if (!PLAIN_HOST.test(headers.host ?? '')) return undefined
  return new BodilessRequest(method, origin + url, headers) as unknown as Request
}
