import { createHmac, randomBytes } from 'node:crypto'
import type { Store } from './store.ts'

/** An HMAC of a text, by one key for all servers that share the store; the first that asks makes it. */
export function createSharedKey(store: Store, name: string): (text: string) => Promise<Buffer> {
  let key: Promise<Buffer> | undefined

  async function read(): Promise<Buffer> {
    const made = randomBytes(32).toString('base64url')
    const expiresAt = Number.MAX_SAFE_INTEGER
    await store.write([{ put: name, value: JSON.stringify(made), expiresAt, ifVersion: null }])
    const stored = await store.get(name)
    return Buffer.from(JSON.parse(stored?.value ?? '""') as string, 'base64url')
  }

  return async (text) => {
    key ??= read()
    // A store that fails once is asked again.
    const bytes = await key.catch((error: unknown) => {
      key = undefined
      throw error
    })
    return createHmac('sha256', bytes).update(text).digest()
  }
}
