import type { Snapshot } from '@isthmus/protocol'
import { actsOf } from '../bindings/acts.ts'
import type { Session } from '../session.ts'

export type SimulationName = 'Signed out elsewhere' | 'Hub unreachable' | 'Not linked' | 'Frame blocked'

/** What the panel can let a page see, without the hub. */
export const SIMULATIONS: Readonly<Record<SimulationName, (known: Snapshot) => Snapshot>> = {
  'Signed out elsewhere': () => ({ status: 'signed-out', reason: 'logout', revision: 0, stale: false }),
  'Hub unreachable': (known) => ({ status: 'unknown', reason: 'unreachable', ...lastOf(known) }),
  'Not linked': (known) => ({ status: 'unknown', reason: 'partitioned', ...lastOf(known) }),
  'Frame blocked': (known) => ({ status: 'unknown', reason: 'blocked', ...lastOf(known) }),
}

/** A session that shows its page what the panel says, as long as it says something. */
export interface SimulatedSession extends Session {
  /** What is simulated now. */
  readonly simulation: SimulationName | undefined
  /** Shows this from now on; `undefined`: what is true. */
  simulate(name: SimulationName | undefined): void
}

/** Wraps a session. Its acts are those of the session itself, whatever is shown. */
export function simulated(session: Session): SimulatedSession {
  const listeners = new Set<{ readonly listener: (snapshot: Snapshot) => void }>()
  let simulation: SimulationName | undefined
  let shown: Snapshot | undefined

  function tell(): void {
    for (const { listener } of [...listeners]) listener(shown ?? session.current)
  }

  return {
    get current() {
      return shown ?? session.current
    },
    get simulation() {
      return simulation
    },
    get referrer() {
      return session.referrer
    },
    ...actsOf(session),
    simulate(name) {
      simulation = name
      shown = name && SIMULATIONS[name](session.current)
      tell()
    },
    subscribe(listener) {
      const entry = { listener }
      listeners.add(entry)
      let isFirst = true
      const stop = session.subscribe((snapshot) => {
        // The first call is due at once, whatever is shown; after that nothing true is told while something else is shown.
        if (isFirst || !shown) listener(shown ?? snapshot)
        isFirst = false
      })
      return () => {
        listeners.delete(entry)
        stop()
      }
    },
    destroy() {
      listeners.clear()
      session.destroy()
    },
  }
}

function lastOf(known: Snapshot): { last?: Exclude<Snapshot, { status: 'unknown' }>; stale: boolean } {
  const last = known.status === 'unknown' ? known.last : known
  return { ...(last && { last: { ...last, stale: true } as typeof last }), stale: last !== undefined }
}
