declare const exact: unique symbol

/** A serialized origin (`https://shop.example`), exactly as browsers report it (RFC 6454 §6.2). Compare with `===`. */
export type Origin = string & { readonly [exact]: 'Origin' }

/**
 * Takes a text that is already an exact origin, and nothing else: no path, no trailing slash, no default port,
 * no upper case, no user info, no wildcard, never `"null"` (the origin of sandboxed and data: documents).
 */
export function parseOrigin(text: unknown): Origin | undefined {
  // URL() forgives much, but what it forgives differs from what it gives back. It lets hosts hold "*", ";" and ",",
  // which mean something in the policies and headers that an origin is written into.
  return urlOf(text)?.origin === text && /^[\w:/.[\]-]+$/.test(text as string) ? (text as Origin) : undefined
}

/** The origin of an absolute http(s) URL without user info; `undefined` for anything else. */
export function originOf(url: unknown): Origin | undefined {
  const parsed = urlOf(url)
  // White space, control characters and backslashes, which URL() forgives, are how open redirects begin.
  const isPlain = parsed?.username === '' && parsed.password === '' && !/[\s\p{Cc}\\]/u.test(url as string)
  return isPlain ? parseOrigin(parsed.origin) : undefined
}

/** Whether the origin keeps Secure cookies: https, or loopback by name or address (Secure Contexts §3.1). */
export function isTrustworthyOrigin(origin: Origin): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1\]$/.test(hostname)
}

function urlOf(text: unknown): URL | undefined {
  if (typeof text !== 'string' || !/^https?:\/\//i.test(text)) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
