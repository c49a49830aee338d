import { createHash, timingSafeEqual } from 'node:crypto'

/** The shortest key that is taken: `openssl rand -base64 32` makes one of 44 characters. */
const KEY_LENGTH = 32

/** What is wrong with a key that is to travel as `Authorization: Bearer <key>` (RFC 6750 §2.1); `undefined` if nothing is. */
export function faultOfKey(key: unknown): string | undefined {
  if (typeof key !== 'string' || !/^[\w.~+/-]+=*$/.test(key)) return 'has characters that no header takes'
  if (key.length >= KEY_LENGTH) return undefined
  return `has ${key.length} characters, and ${KEY_LENGTH} are the least: "openssl rand -base64 32" makes one`
}

/** Finds the name of the key that an `Authorization` header carries. */
export function createKeyRing(
  keys: readonly { readonly name: string; readonly key: string }[],
): (authorization: string | null | undefined) => string | undefined {
  const known = keys.map(({ name, key }) => ({ name, digest: digestOf(key) }))
  return (authorization) => {
    const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) return undefined
    const digest = digestOf(given)
    return known.find((one) => timingSafeEqual(one.digest, digest))?.name
  }
}

/** Digests have one length, so that the time of a comparison tells nothing. */
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
