import { IsthmusError } from '@isthmus/protocol'
import type { Store } from '@isthmus/server'
import { isRedis } from './config/load-config.ts'

/** Opens the store that a configuration names; what is not needed is not loaded. */
export async function openStore(store: string): Promise<Store> {
  if (!isRedis(store)) {
    const { lmdbStore } = await import('@isthmus/server/lmdb')
    return lmdbStore({ path: store })
  }
  // By name, because the entry point comes with the Redis store and may be missing.
  const entry = '@isthmus/server/redis'
  const loaded = (await import(entry).catch((cause: unknown) => {
    throw new IsthmusError('config-invalid', `store: this version of @isthmus/server has no ${entry}.`, { cause })
  })) as { redisStore: (options: { url: string }) => Store | Promise<Store> }
  return loaded.redisStore({ url: store })
}
