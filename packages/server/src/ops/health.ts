import type { Health } from '@isthmus/protocol'
import { createPublicId } from '../session/secrets.ts'
import type { Clock, Store } from '../store/store.ts'

/** A verdict is good for this long: whoever asks all the time must not have the disk written all the time. */
const FRESH_MS = 1000
/** A store that takes longer than this fails. */
const PATIENCE_MS = 3000
/** What is left of a check that broke off. */
const LITTER_LIFETIME_MS = 60_000

/** Checks that the hub can do its work: something is stored, read back and deleted. */
export function createHealthCheck(
  { store, clock }: { store: Store; clock: Clock },
  onError: (error: unknown) => void,
): () => Promise<Health> {
  let checking: Promise<Health> | undefined
  let checkedAt = Number.NEGATIVE_INFINITY

  async function roundTrip(): Promise<void> {
    const key = `health/${createPublicId()}`
    await store.write([{ put: key, value: '"ok"', expiresAt: clock() + LITTER_LIFETIME_MS, ifVersion: null }])
    if ((await store.take(key)) !== '"ok"') throw new Error('The store does not give back what was stored.')
  }

  async function check(): Promise<Health> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The store took more than ${PATIENCE_MS} ms.`)), PATIENCE_MS)
    })
    try {
      await Promise.race([roundTrip(), late])
      return { status: 'ok' }
    } catch (error) {
      onError(error)
      return { status: 'failing' }
    } finally {
      clearTimeout(timer)
      checkedAt = performance.now()
    }
  }

  return () => {
    if (!checking || performance.now() - checkedAt > FRESH_MS) {
      checkedAt = Number.POSITIVE_INFINITY
      checking = check()
    }
    return checking
  }
}
