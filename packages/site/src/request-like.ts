import { HOST_TOKEN_COOKIE, TOKEN_COOKIE } from '@isthmus/protocol'
import { parseCookie } from 'cookie'
import { refusal } from './refuse.ts'

/** Which cookie a site keeps its token in, as its pages are told: the page's own, or the HttpOnly one of the back end. */
export type Mirror = 'cookie' | 'endpoint'

/** The header of a WHATWG request, whichever runtime or library its class comes from. */
interface HeadersLike {
  get(name: string): string | null | undefined
}

/**
 * A request of any framework and runtime: WHATWG (`Request`, `{ headers: await headers() }` in Next.js), node:http and
 * what is built on it (Express, Fastify, Koa, HTTP/2), or the event of a serverless function.
 */
export interface RequestLike {
  readonly headers: HeadersLike | Readonly<Record<string, string | readonly string[] | undefined>>
}

const COOKIES: Readonly<Record<Mirror, string>> = { cookie: TOKEN_COOKIE, endpoint: HOST_TOKEN_COOKIE }

/**
 * The site token of a request: `Authorization: Bearer`, which a program wrote on purpose, else the one cookie of the
 * site's mirror. The cookie of the other mirror is never looked at: scripts and neighbours can write `isthmus_token`.
 *
 * Throws `token-ambiguous` where cookies of one name hold different tokens. A neighbour's, planted for a longer path or
 * for the parent domain, comes along beside the site's own, and nothing tells which is which.
 */
export function tokenOf(request: RequestLike, mirror: Mirror): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1]
  if (bearer) return bearer
  const tokens = valuesOf(headerOf(request, 'cookie') ?? '', COOKIES[mirror])
  if (tokens.size > 1) throw refusal('token-ambiguous')
  return [...tokens][0]
}

/** Every value that a name has in a `Cookie` header; an empty one is none. */
function valuesOf(header: string, name: string): Set<string> {
  const values = header.split(';').map((pair) => parseCookie(pair)[name])
  return new Set(values.filter((value): value is string => !!value))
}

/** One header of either kind of request. */
function headerOf({ headers }: RequestLike, name: string): string | undefined {
  // Not `instanceof Headers`: undici, node-fetch and the sandboxes of frameworks have classes of their own.
  if (isHeadersLike(headers)) return headers.get(name) ?? undefined
  // Some serverless events keep the spelling of the wire.
  const key = name in headers ? name : Object.keys(headers).find((other) => other.toLowerCase() === name)
  const value = key === undefined ? undefined : headers[key]
  return typeof value === 'object' ? value.join('; ') : value
}

function isHeadersLike(headers: RequestLike['headers']): headers is HeadersLike {
  return typeof headers.get === 'function'
}
