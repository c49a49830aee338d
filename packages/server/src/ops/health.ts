import type { Health } from '@isthmus/protocol'
import { createPublicId } from '../session/secrets.ts'
import type { Clock, Store } from '../store/store.ts'
import type { Timer } from '../timer.ts'

/** A verdict is good for this long: whoever asks all the time must not have the disk written all the time. */
const FRESH_MS = 1000
/** A store that takes longer than this fails. */
const PATIENCE_MS = 3000
/** What is left of a check that broke off. */
const LITTER_LIFETIME_MS = 60_000

/** Checks that the hub can do its work: something is stored, read back and deleted. */
export function createHealthCheck(
  { store, clock, timer }: { store: Store; clock: Clock; timer: Timer },
  onError: (error: unknown) => void,
): () => Promise<Health> {
  let verdict: Promise<Health> | undefined

  async function roundTrip(): Promise<void> {
    const key = `health/${createPublicId()}`
    await store.write([{ put: key, value: '"ok"', expiresAt: clock() + LITTER_LIFETIME_MS, ifVersion: null }])
    if ((await store.take(key)) !== '"ok"') throw new Error('The store does not give back what was stored.')
  }

  async function check(): Promise<Health> {
    let giveUp: (() => void) | undefined
    const late = new Promise<never>((_, reject) => {
      giveUp = timer(PATIENCE_MS, () => reject(new Error(`The store took more than ${PATIENCE_MS} ms.`)))
    })
    try {
      await Promise.race([roundTrip(), late])
      return { status: 'ok' }
    } catch (error) {
      onError(error)
      return { status: 'failing' }
    } finally {
      giveUp?.()
      timer(FRESH_MS, () => {
        verdict = undefined
      })
    }
  }

  return () => {
    verdict ??= check()
    return verdict
  }
}
