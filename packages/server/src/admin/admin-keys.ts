import { IsthmusError } from '@isthmus/protocol'
import { createKeyRing, faultOfKey } from '../requests/bearer-key.ts'

/** A key of a back end. */
export interface AdminKey {
  /** Who has it, for the record: `crm`. */
  readonly name: string
  /** 32 characters or more, as they travel in a header: `openssl rand -base64 32`. */
  readonly key: string
}

/** Gives the name of the key that an `Authorization` header carries. Throws `config-invalid`, and names no key. */
export function createAdminKeys(keys: readonly AdminKey[]): ReturnType<typeof createKeyRing> {
  if (!Array.isArray(keys) || keys.length === 0) fail('needs a list of { name, key }')
  for (const [index, { name, key }] of keys.entries()) {
    if (typeof name !== 'string' || name === '') fail(`[${index}].name is missing: it says in the record who acted`)
    const fault = faultOfKey(key)
    if (fault !== undefined) fail(`[${index}].key ${fault}`)
  }
  if (new Set(keys.map(({ name }) => name)).size < keys.length) fail('has two keys of one name')
  return createKeyRing(keys)
}

function fail(cure: string): never {
  throw new IsthmusError('config-invalid', `adminApi: keys${cure.startsWith('[') ? '' : ' '}${cure}.`)
}
