import { hash, randomBytes } from 'node:crypto'

/** 256 random bits, base64url: enough that guessing is no attack. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Whether this may be such a secret. */
export function isSecret(text: string | undefined): boolean {
  return /^[\w-]{43}$/.test(text ?? '')
}

/** A public identifier: 128 random bits, base64url. */
export function createPublicId(): string {
  return randomBytes(16).toString('base64url')
}

/** Lower-case base32 (RFC 4648 §6): no filter between browser and hub takes it for anything else. */
const SHORT_ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

/** An id for the address bar: 130 random bits in 26 letters. */
export function createShortId(): string {
  return Array.from(randomBytes(26), (byte) => SHORT_ID_LETTERS[byte % SHORT_ID_LETTERS.length]).join('')
}

/** SHA-256, base64url. What is stored of a secret, and the S256 challenge of a verifier (RFC 7636 §4.2). */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
