/** A WHATWG `Request`, or what node:http and Express hand to a handler. */
export type RequestLike =
  | { readonly headers: Headers; readonly url: string; readonly method?: string | undefined }
  | {
      readonly headers: Readonly<Record<string, string | string[] | undefined>>
      readonly url?: string | undefined
      readonly method?: string | undefined
      /** Express keeps the whole path here when a router was mounted below a prefix. */
      readonly originalUrl?: string | undefined
      /** Express: the address of the client, as far as its proxies are trusted. */
      readonly ip?: string | undefined
      readonly socket?: { readonly remoteAddress?: string | undefined } | undefined
    }

/** One header of either kind of request. */
export function headerOf(request: RequestLike, name: string): string | undefined {
  if (request.headers instanceof Headers) return request.headers.get(name) ?? undefined
  const value = (request.headers as Readonly<Record<string, string | string[] | undefined>>)[name]
  return Array.isArray(value) ? value.join('; ') : value
}

/** The query of either kind of request. */
export function queryOf(request: RequestLike): URLSearchParams {
  const url = ('originalUrl' in request ? request.originalUrl : undefined) ?? request.url ?? ''
  return new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1).split('#', 1)[0] : '')
}
