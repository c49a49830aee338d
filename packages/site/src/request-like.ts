import { HOST_TOKEN_COOKIE, TOKEN_COOKIE } from '@isthmus/protocol'
import { parseCookie } from 'cookie'

/** A request of any framework: WHATWG (`Request`), or node:http and what is built on it (Express, Fastify's `raw`, Koa's `req`). */
export interface RequestLike {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * The site token that a request carries: of the HttpOnly cookie, else of the cookie that the page keeps, else of
 * `Authorization: Bearer`. `__Host-` comes first, because no neighbour below the same parent domain can plant it.
 */
export function tokenOf(request: RequestLike): string | undefined {
  const cookies = parseCookie(headerOf(request, 'cookie') ?? '')
  const bearer = /^bearer +(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1]
  return cookies[HOST_TOKEN_COOKIE] || cookies[TOKEN_COOKIE] || bearer
}

/** One header of either kind of request. */
function headerOf(request: RequestLike, name: string): string | undefined {
  if (request.headers instanceof Headers) return request.headers.get(name) ?? undefined
  const value = request.headers[name]
  return typeof value === 'object' ? value.join('; ') : value
}
