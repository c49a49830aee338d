import type { Part } from '../part.ts'
import { arrivals } from '../session/arrivals.ts'
import { visits } from '../session/visits.ts'
import { arrive, finishArrival } from './arrive.ts'
import { createExit } from './leave.ts'
import { tabMemory } from './tab-memory.ts'

/** The way to the hub: visits, and what the tab keeps for them. */
export const part: Part = {
  on: { ...arrivals, ...visits },
  start({ hub, site, timeoutMs, dispatch, later, load }) {
    const memory = tabMemory(hub, site)
    const exit = createExit(hub, site, memory)
    dispatch({ type: 'arrived', ...arrive(memory) })
    return {
      async prepare({ departure }) {
        const [page] = await Promise.all([
          exit.prepare(departure).catch(noop),
          // What says why is at hand before: while a page leaves, WebKit loads nothing.
          load('diagnosis').catch(noop),
        ])
        dispatch(page ? { type: 'prepared', ...page } : { type: 'stayed', departure })
      },
      leave(departure) {
        const hasLeft = exit.leave(departure)
        later({ type: 'stayed', departure: departure.departure }, hasLeft ? timeoutMs : 0)
      },
      'ticket-spent'({ refused }) {
        finishArrival(memory)
        if (refused) console.warn(`isthmus: ${refused}: the ticket was refused.`)
      },
    }
  },
}

function noop(): void {}
