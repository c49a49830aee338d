/** A map that keeps the newest so many entries. */
export interface Newest<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

export function createNewest<Value>(limit: number): Newest<Value> {
  const kept = new Map<string, Value>()
  return {
    get: (key) => kept.get(key),
    set(key, value) {
      kept.set(key, value)
      if (kept.size > limit) kept.delete(kept.keys().next().value as string)
    },
  }
}
