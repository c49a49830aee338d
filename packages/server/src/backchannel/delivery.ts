import {
  DELIVERY_LIFETIME_MS,
  DELIVERY_RETRY_MAX_MS,
  DELIVERY_RETRY_MIN_MS,
  DELIVERY_SHOWN_MS,
} from '@isthmus/protocol'
import { type Due, dropTask, putTask, secondOf } from '../agenda/agenda.ts'
import type { Write } from '../store/store.ts'

/** Word before the tasks of deliveries on the agenda. */
export const DELIVERY_TASK = 'delivery'

/** A logout token that a site's back end has to get: one per session and site, as it is stored until it is done. */
export interface Delivery {
  readonly sid: string
  readonly sub: string
  readonly site: string
  readonly queuedAt: number
  /** Attempts that failed so far. */
  readonly attempts: number
  /** The second of its place on the agenda. */
  readonly second: number
  /** Who attempts it until then; absent while it waits. */
  readonly claim?: string
}

/** How a delivery ended, as it is kept for the signed-out page. */
export interface Outcome {
  readonly ok: boolean
}

/** Where the deliveries of a session are stored, and where their outcomes. */
export const deliveriesOf = (sid: string): string => `delivery/${sid}/`
export const outcomesOf = (sid: string): string => `delivered/${sid}/`

export function deliveryKey({ sid, site }: Pick<Delivery, 'sid' | 'site'>): string {
  return deliveriesOf(sid) + site
}

/** Its entry on the agenda. */
export function dueOf({ sid, site, second }: Pick<Delivery, 'sid' | 'site' | 'second'>): Due {
  return { task: `${DELIVERY_TASK}/${sid}/${site}`, second }
}

/** Session and site of an entry on the agenda. */
export function parseTask({ task }: Due): Pick<Delivery, 'sid' | 'site'> {
  const [, sid = '', site = ''] = task.split('/')
  return { sid, site }
}

/** The steps that store a delivery at its place on the agenda, in the place of what is stored of it now. */
export function putSteps(delivery: Delivery, before?: { delivery: Delivery; version: string }): readonly Write[] {
  // Kept for longer than it is tried, so that giving up is told.
  const expiresAt = delivery.queuedAt + 2 * DELIVERY_LIFETIME_MS
  const put = {
    put: deliveryKey(delivery),
    value: JSON.stringify(delivery),
    expiresAt,
    ifVersion: before?.version ?? null,
  }
  return [put, ...(before ? [dropTask(dueOf(before.delivery))] : []), putTask(dueOf(delivery), expiresAt)]
}

/** The steps that end a delivery. */
export function endSteps(delivery: Delivery, outcome: Outcome, now: number): readonly Write[] {
  const shown = outcomesOf(delivery.sid) + delivery.site
  return [
    { delete: deliveryKey(delivery) },
    dropTask(dueOf(delivery)),
    { put: shown, value: JSON.stringify(outcome), expiresAt: now + DELIVERY_SHOWN_MS },
  ]
}

/** The delivery after one more failure; `undefined` if it is given up. */
export function afterFailure(
  delivery: Delivery,
  now: number,
  random: () => number = Math.random,
): Delivery | undefined {
  const { claim: _, ...rest } = delivery
  const giveUpAt = delivery.queuedAt + DELIVERY_LIFETIME_MS
  if (now >= giveUpAt) return undefined
  const attempts = delivery.attempts + 1
  // Half of the pause is fixed and half is random: no herd forms, and no site that is down is asked at once again.
  const longest = Math.min(DELIVERY_RETRY_MAX_MS, DELIVERY_RETRY_MIN_MS * 2 ** (attempts - 1))
  const pause = longest / 2 + (random() * longest) / 2
  return { ...rest, attempts, second: secondOf(Math.min(now + pause, giveUpAt)) }
}
