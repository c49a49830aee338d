import type { Part } from '../part.ts'
import { arrivals } from '../session/arrivals.ts'
import { mayRide, visits } from '../session/visits.ts'
import { arrive, finishArrival } from './arrive.ts'
import { browserMemory } from './browser-memory.ts'
import { createExit } from './leave.ts'
import { followOwnLinks } from './ride-along.ts'
import { tabMemory } from './tab-memory.ts'

/** How long a click within the site waits for the hub's leave to pass it. */
const RIDE_PATIENCE_MS = 1000

/** The way to the hub: visits, and what the tab keeps for them. */
export const part: Part = {
  on: { ...arrivals, ...visits },
  start({ hub, site, timeoutMs, signal, state, dispatch, later, load }) {
    const memory = tabMemory(hub, site)
    const browser = browserMemory(memory.name)
    const { embedded } = state().habits
    const peers = (): string => state().peers
    const exit = createExit(hub, { site, embedded, patienceMs: timeoutMs, memory, browser, peers })
    followOwnLinks(
      () => mayRide(state()) && browser.mayRide(),
      (href) => dispatch({ type: 'ride', href }),
      signal,
    )
    dispatch({ type: 'arrived', ...arrive(memory) })
    // Else a click would wait for it.
    if (embedded) load('page').catch(noop)
    return {
      async prepare({ departure }) {
        // A click must not wait for a hub that hangs.
        if (state().leaving?.errand === 'ride') later({ type: 'stayed', departure }, RIDE_PATIENCE_MS)
        const [page] = await Promise.all([
          exit.prepare(departure).catch(noop),
          // What says why is at hand before: while a page leaves, WebKit loads nothing.
          embedded || load('diagnosis').catch(noop),
        ])
        dispatch(page ? { type: 'prepared', ...page } : { type: 'stayed', departure })
      },
      leave(departure) {
        const hasLeft = exit.leave(departure)
        const event = { type: hasLeft || !embedded ? 'stayed' : 'tab-refused', departure: departure.departure } as const
        later(event, hasLeft ? timeoutMs : 0)
      },
      follow: ({ href }) => location.assign(href),
      'ticket-spent'({ refused }) {
        finishArrival(memory)
        if (refused) console.warn(`isthmus: ${refused}: the ticket was refused.`)
      },
    }
  },
}

function noop(): void {}
