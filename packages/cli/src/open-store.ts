import type { Store } from '@isthmus/server'
import { isRedis } from './config/load-config.ts'

/** Opens the store that a configuration names; what is not needed is not loaded. */
export async function openStore(store: string): Promise<Store> {
  if (isRedis(store)) {
    const { redisStore } = await import('@isthmus/server/redis')
    // Valkey speaks as Redis does, and its scheme is a name of the same.
    return redisStore({ url: store.replace(/^valkey/, 'redis') })
  }
  const { lmdbStore } = await import('@isthmus/server/lmdb')
  return lmdbStore({ path: store })
}
