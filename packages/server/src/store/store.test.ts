import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeStore } from './describe-store.test-world.ts'
import { lmdbStore } from './lmdb.ts'
import { memoryStore } from './memory.ts'

describeStore('memory', async (clock) => ({ store: memoryStore({ clock }), cleanUp: async () => {} }))

describeStore('LMDB', async (clock) => {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-store-'))
  return { store: lmdbStore({ path, clock }), cleanUp: () => rm(path, { recursive: true }) }
})
