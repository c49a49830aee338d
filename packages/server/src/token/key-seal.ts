import { createHash } from 'node:crypto'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'

/**
 * Seals the private halves of the signing keys before they reach the store: a key management service, for example.
 * Both methods may reject; then nothing is signed.
 */
export interface KeySeal {
  /** Gives text that {@link open} alone turns back, and only for the same `kid`. */
  seal(privateKey: string, kid: string): Promise<string>
  /** Gives the text that was sealed for this `kid`; rejects for any other text. */
  open(sealed: string, kid: string): Promise<string>
  /** Whether {@link seal} would seal as this text is sealed; `false` has it opened and sealed anew. Default: always. */
  isCurrent?(sealed: string): boolean
}

/** A seal's secret: 32 bytes in base64 or base64url. */
export const SEAL_SECRET: RegExp = /^[A-Za-z0-9+/_-]{43}=?$/

/** AES-256-GCM by the first secret, as compact JWE (RFC 7516 §3.1); texts sealed by the further ones are opened, too. */
export function sealWith([current, ...former]: readonly [string, ...string[]]): KeySeal {
  const secrets = new Map([current, ...former].map((secret) => [nameOf(bytesOf(secret)), bytesOf(secret)]))
  const name = nameOf(bytesOf(current))
  return {
    // The header is authenticated: a sealed key that is moved to another name does not open.
    seal: (privateKey, kid) =>
      new CompactEncrypt(new TextEncoder().encode(privateKey))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: name, seals: kid })
        .encrypt(bytesOf(current)),
    async open(sealed, kid) {
      const secret = secrets.get(String(decodeProtectedHeader(sealed).kid))
      if (!secret) throw new Error('it was sealed by another secret')
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, secret, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      if (protectedHeader.seals !== kid) throw new Error('it is the sealed half of another key')
      return new TextDecoder().decode(plaintext)
    },
    isCurrent: (sealed) => decodeProtectedHeader(sealed).kid === name,
  }
}

function bytesOf(secret: string): Uint8Array {
  return Buffer.from(secret, 'base64')
}

/** Tells secrets apart, and tells nothing of them. */
function nameOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 8)
}
