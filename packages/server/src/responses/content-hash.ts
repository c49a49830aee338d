import { createHash } from 'node:crypto'

/** A CSP source that admits exactly this inline text (CSP3 §2.3.1). */
export function sha256Source(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Short name of a content, for addresses and ETags. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
