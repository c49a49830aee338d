import { checkKey, checkPrefix, isAllowed, keyOf } from './steps.ts'
import type { Clock, Store, Stored } from './store.ts'
import { createTopics } from './topics.ts'

interface Entry extends Stored {
  readonly expiresAt: number
}

/**
 * A {@link Store} in this process's memory: for tests, and for trials of a hub that runs as a single process.
 * Everything is gone when the process ends, and no other process sees any of it.
 */
export function memoryStore(options: { clock?: Clock } = {}): Store {
  const clock = options.clock ?? Date.now
  const entries = new Map<string, Entry>()
  const topics = createTopics()
  let versions = 0
  let isOpen = true

  // Every method is atomic because none awaits anything.
  function checkOpen(): void {
    if (!isOpen) throw new Error('The store is closed.')
  }

  function read(key: string): Entry | undefined {
    checkOpen()
    const entry = entries.get(checkKey(key))
    return entry && clock() < entry.expiresAt ? entry : undefined
  }

  return {
    async get(key) {
      const entry = read(key)
      return entry && { value: entry.value, version: entry.version }
    },

    async write(steps) {
      checkOpen()
      if (!steps.every((step) => isAllowed(step, read(keyOf(step))))) return false
      for (const step of steps) {
        if ('delete' in step) {
          entries.delete(step.delete)
        } else {
          versions += 1
          entries.set(step.put, { value: step.value, version: String(versions), expiresAt: step.expiresAt })
        }
      }
      return true
    },

    async take(key) {
      const entry = read(key)
      entries.delete(key)
      return entry?.value
    },

    async keys(prefix) {
      checkOpen()
      checkPrefix(prefix)
      const now = clock()
      const live = [...entries].filter(([key, { expiresAt }]) => key.startsWith(prefix) && now < expiresAt)
      return live.map(([key]) => key).sort()
    },

    async publish(topic) {
      checkOpen()
      topics.publish(topic)
    },

    async subscribe(topic, listener) {
      checkOpen()
      return topics.subscribe(topic, listener)
    },

    async sweep() {
      checkOpen()
      const now = clock()
      const before = entries.size
      for (const [key, { expiresAt }] of entries) {
        if (expiresAt <= now) entries.delete(key)
      }
      return before - entries.size
    },

    async close() {
      isOpen = false
      entries.clear()
      topics.clear()
    },
  }
}
