declare const exact: unique symbol

/** A serialized origin (`https://shop.example`), exactly as browsers report it (RFC 6454 §6.2). Compare with `===`. */
export type Origin = string & { readonly [exact]: 'Origin' }

/**
 * Takes a text that is already an exact origin, and nothing else: no path, no trailing slash, no default port,
 * no upper case, no user info, never `"null"` (the origin of sandboxed and data: documents).
 */
export function parseOrigin(text: unknown): Origin | undefined {
  if (typeof text !== 'string') return undefined
  const url = parseWebUrl(text)
  return url?.origin === text ? (text as Origin) : undefined
}

/** The origin of an absolute http(s) URL without user info; `undefined` for anything else. */
export function originOf(url: unknown): Origin | undefined {
  const parsed = typeof url === 'string' ? parseWebUrl(url) : undefined
  return parsed && parsed.username === '' && parsed.password === '' ? (parsed.origin as Origin) : undefined
}

/** Whether the origin keeps Secure cookies: https, or loopback by name or address (Secure Contexts §3.1). */
export function isTrustworthyOrigin(origin: Origin): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1\]$/.test(hostname)
}

function parseWebUrl(text: string): URL | undefined {
  // URL() forgives white space and control characters; an origin check must not.
  if (/[\s\\]/.test(text) || !/^https?:\/\//i.test(text)) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
