import { createNewest } from './newest.ts'
import type { Stored } from './store.ts'

/** Values kept parsed; beyond it the oldest is parsed anew if it is asked for. */
const KEPT = 10_000

/**
 * Parses a stored value once for each version that is read. The store stays the truth: every read asks it, and a version
 * never comes back, whichever server wrote it.
 */
export function createParser<Value>(parse: (text: string) => Value): (key: string, stored: Stored) => Value {
  const kept = createNewest<{ readonly version: string; readonly value: Value }>(KEPT)
  return (key, { version, value: text }) => {
    const known = kept.get(key)
    if (known?.version === version) return known.value
    const value = parse(text)
    kept.set(key, { version, value })
    return value
  }
}
