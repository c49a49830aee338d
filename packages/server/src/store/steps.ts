import type { Write } from './store.ts'

const MAX_KEY_BYTES = 1024

/**
 * Refuses what cannot be a key (see {@link Store}), in every store alike.
 *
 * A lone surrogate has no UTF-8 form: a store on disk turns each into U+FFFD, and so two users' keys into one.
 */
export function checkKey(key: string): string {
  if (key === '') throw new TypeError('A key in the store cannot be empty.')
  return checkPrefix(key)
}

/** As {@link checkKey}, for a prefix: that one may be empty. */
export function checkPrefix(prefix: string): string {
  if (Buffer.byteLength(prefix) > MAX_KEY_BYTES) {
    throw new TypeError(
      `A key in the store has at most ${MAX_KEY_BYTES} bytes; one that begins with "${prefix.slice(0, 40)}" has more.`,
    )
  }
  if (/\p{Surrogate}/u.test(prefix)) throw new TypeError('A key in the store has to be well-formed Unicode.')
  return prefix
}

/** The key that a step writes or deletes. */
export function keyOf(step: Write): string {
  return checkKey('delete' in step ? step.delete : step.put)
}

/** Whether a step may be done, given what its key held before the batch. */
export function isAllowed(step: Write, current: { readonly version: string } | undefined): boolean {
  if ('delete' in step || step.ifVersion === undefined) return true
  return step.ifVersion === (current?.version ?? null)
}
