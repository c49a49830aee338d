import { createHash, timingSafeEqual } from 'node:crypto'
import { IsthmusError } from '@isthmus/protocol'

/** A key of a back end. */
export interface AdminKey {
  /** Who has it, for the record: `crm`. */
  readonly name: string
  /** 32 characters or more, as they travel in a header: `openssl rand -base64 32`. */
  readonly key: string
}

const KEY_LENGTH = 32

/** Gives the name of the key that an `Authorization` header carries. Throws `config-invalid`, and names no key. */
export function createAdminKeys(keys: readonly AdminKey[]): (authorization: string | undefined) => string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) fail('needs a list of { name, key }')
  const known = keys.map(({ name, key }, index) => {
    if (typeof name !== 'string' || name === '') fail(`[${index}].name is missing: it says in the record who acted`)
    if (typeof key !== 'string' || !/^[\w.~+/-]+=*$/.test(key))
      fail(`[${index}].key has characters that no header takes`)
    if (key.length < KEY_LENGTH)
      fail(
        `[${index}].key has ${key.length} characters, and ${KEY_LENGTH} are the least: "openssl rand -base64 32" makes one`,
      )
    return { name, digest: digestOf(key) }
  })
  if (new Set(known.map(({ name }) => name)).size < known.length) fail('has two keys of one name')
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

function fail(cure: string): never {
  throw new IsthmusError('config-invalid', `adminApi: keys${cure.startsWith('[') ? '' : ' '}${cure}.`)
}
