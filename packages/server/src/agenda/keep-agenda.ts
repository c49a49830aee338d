import type { Clock, Store } from '../store/store.ts'
import { repeat, type Timer } from '../timer.ts'
import { type Due, readTasks } from './agenda.ts'

/** How often the agenda is looked at. */
const INTERVAL_MS = 1000
/** Every so many looks the past is looked through as well: for tasks whose server died over them. */
const LOOKS_PER_REVIEW = 60

/** Tasks done at the same time: after a night of downtime there are many. */
const BATCH = 100

/** The agenda's reader. */
export interface AgendaKeeper {
  /** Does what has come due since the last look; the first look begins at the beginning. */
  look(): Promise<void>
  /** Ends the reading; resolves when no task is under way any more. */
  stop(): Promise<void>
}

/**
 * Does tasks of the agenda when their time comes: each by the doer that the task's first word names. A doer that throws
 * is called again at the next review.
 */
export function keepAgenda(
  { store, clock, timer }: { store: Store; clock: Clock; timer: Timer },
  doers: Readonly<Record<string, (due: Due) => unknown>>,
  onError: (error: unknown) => void,
): AgendaKeeper {
  let seen = -1
  let looks = 0
  let looking: Promise<void> | undefined

  async function lookNow(): Promise<void> {
    const now = Math.floor(clock() / 1000)
    const from = looks % LOOKS_PER_REVIEW === 0 ? 0 : seen + 1
    const due = await readTasks(store, from, now)
    looks += 1
    seen = now
    for (let first = 0; first < due.length; first += BATCH) {
      const batch = due
        .slice(first, first + BATCH)
        .map(async (one) => doers[one.task.split('/', 1)[0] as string]?.(one))
      for (const done of await Promise.allSettled(batch)) if (done.status === 'rejected') onError(done.reason)
    }
  }

  function look(): Promise<void> {
    looking ??= lookNow()
      .catch(onError)
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  const stopLooking = repeat(timer, INTERVAL_MS, look)
  return {
    look,
    async stop() {
      stopLooking()
      await looking
    },
  }
}
