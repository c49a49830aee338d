import { type Origin, originOf, RETURN_TO_LIMIT } from '@isthmus/protocol'

/** Where a visit leads back to, as browsers write it. */
export interface ReturnAddress {
  readonly origin: Origin
  readonly href: string
}

/**
 * Reads a way back. Browsers leave a raw `\` in queries and fragments as it is, and mean nothing by it there; anywhere else it is
 * how open redirects begin. `undefined`: not an absolute http(s) URL without user info, or too long to be sent back.
 */
export function returnAddressOf(text: string): ReturnAddress | undefined {
  const plain = text.replace(/[?#].*/s, (rest) => rest.replaceAll('\\', '%5C'))
  const origin = originOf(plain)
  if (!origin) return undefined
  const { href } = new URL(plain)
  return href.length <= RETURN_TO_LIMIT ? { origin, href } : undefined
}
