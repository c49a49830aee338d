import { IsthmusError } from '@isthmus/protocol'
import { type CryptoKey, importJWK, type JWK } from 'jose'

/** What assertions are checked with: a shared key of 32 bytes or more, or the public half of a key of the login page. */
export type AssertionKey = string | JWK

/** A key, and the one algorithm that it is good for. */
export interface CheckingKey {
  readonly algorithm: 'HS256' | 'ES256' | 'RS256'
  readonly key: Uint8Array | CryptoKey
}

/** HS256 is as strong as its key: RFC 7518 §3.2 wants as many bits as the hash has. */
const SHARED_KEY_BYTES = 32

/** Imports a key; throws `config-invalid` with a sentence that names the cure, and never the key. */
export async function importAssertionKey(key: AssertionKey): Promise<CheckingKey> {
  if (typeof key === 'string') {
    const bytes = new TextEncoder().encode(key)
    if (bytes.length >= SHARED_KEY_BYTES) return { algorithm: 'HS256', key: bytes }
    return fail(
      `has ${bytes.length} bytes; a shared key has ${SHARED_KEY_BYTES} or more: "openssl rand -base64 32" makes one`,
    )
  }
  if (typeof key !== 'object' || key === null)
    return fail('needs a shared key, or the public key of the login page as JWK')
  if ('d' in key) return fail('holds the private half of a key: give the hub the public one only')
  const algorithm = key.kty === 'EC' && key.crv === 'P-256' ? 'ES256' : key.kty === 'RSA' ? 'RS256' : undefined
  if (!algorithm) return fail('needs a P-256 key (ES256) or an RSA key (RS256)')
  const imported = await importJWK(key, algorithm).catch(() => fail('is a JWK that cannot be read'))
  const { modulusLength } = (imported as CryptoKey).algorithm as { modulusLength?: number }
  if (modulusLength !== undefined && modulusLength < 2048) return fail('is an RSA key of less than 2048 bits')
  return { algorithm, key: imported }
}

function fail(cure: string): never {
  throw new IsthmusError('config-invalid', `assertionLogin: key ${cure}.`)
}
