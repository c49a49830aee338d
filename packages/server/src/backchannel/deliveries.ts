import { DELIVERY_LEASE_MS, DELIVERY_TIMEOUT_MS, type Origin } from '@isthmus/protocol'
import pLimit, { type LimitFunction } from 'p-limit'
import { type Due, dropTask, secondOf } from '../agenda/agenda.ts'
import type { Sites } from '../config/sites.ts'
import type { HubEvents } from '../hub-events.ts'
import type { NameSubject } from '../session/pairwise.ts'
import { createPublicId } from '../session/secrets.ts'
import type { Session } from '../session/session.ts'
import type { Clock, Store, Write } from '../store/store.ts'
import type { Timer } from '../timer.ts'
import type { TokenKeys } from '../token/keys.ts'
import { signLogoutToken } from '../token/logout-token.ts'
import {
  afterFailure,
  type Delivery,
  deliveriesOf,
  deliveryKey,
  dueOf,
  endSteps,
  type Outcome,
  outcomesOf,
  parseTask,
  putSteps,
} from './delivery.ts'
import { type Attempt, postLogoutToken } from './post-logout-token.ts'

/** Attempts at one site at the same time: a site that hangs holds up itself and nobody else. */
const ATTEMPTS_PER_SITE = 16

/** How far the delivery to one site is. */
export type DeliveryState = 'waiting' | 'retrying' | 'confirmed' | 'given-up'

/** What belongs to the end of a session: steps for its batch, and what follows once that is stored. */
export interface Farewell {
  readonly steps: readonly Write[]
  readonly send: () => void
}

/**
 * The back-channel logout (OIDC Back-Channel Logout 1.0): tells the back ends of all sites that a session was used on
 * that it is over. At least once each: what is queued with the end of the session outlives crashes, and is tried until
 * the site takes it or a day has passed.
 */
export interface Deliveries {
  /** For the batch that ends a session. `send` attempts them all in parallel, and returns at once. */
  prepare(session: Session): Promise<Farewell>
  /** Attempts a delivery whose time on the agenda has come, unless another hub server does. Returns at once. */
  resume(due: Due): void
  /** By site, for a while after the end. */
  states(sid: string): Promise<ReadonlyMap<string, DeliveryState>>
  /** Calls back when one of these states changes, in whichever process. */
  follow(sid: string, listener: () => void): Promise<() => void>
  /** How many are not done. */
  count(): Promise<number>
  /** Breaks off what is under way; it stays queued. */
  close(): Promise<void>
}

interface Parts {
  readonly origin: Origin
  readonly store: Store
  readonly clock: Clock
  readonly timer: Timer
  readonly sites: Pick<Sites, 'all' | 'byId'>
  readonly keys: TokenKeys
  readonly events: HubEvents
  readonly nameSubject: NameSubject
}

export function createDeliveries(parts: Parts): Deliveries {
  const { origin, store, clock, timer, sites, keys, events, nameSubject } = parts
  const closing = new AbortController()
  const limits = new Map<string, LimitFunction>()
  /** By key: what this process attempts or is about to. */
  const inHand = new Map<string, Promise<void>>()

  async function read(
    id: Pick<Delivery, 'sid' | 'site'>,
  ): Promise<{ delivery: Delivery; version: string } | undefined> {
    const stored = await store.get(deliveryKey(id))
    return stored && { delivery: JSON.parse(stored.value) as Delivery, version: stored.version }
  }

  /** Takes hold of a delivery that stands at this place of the agenda. Of any number of hub servers at once one gets it. */
  async function claim(due: Due): Promise<Delivery | undefined> {
    const before = await read(parseTask(due))
    if (before?.delivery.second !== due.second) {
      // Done or moved meanwhile: the entry means nothing any more.
      await store.write([dropTask(due)])
      return undefined
    }
    const claimed = lease(before.delivery)
    return (await store.write(putSteps(claimed, before))) ? claimed : undefined
  }

  function lease(delivery: Omit<Delivery, 'second'>): Delivery {
    return { ...delivery, claim: createPublicId(), second: secondOf(clock() + DELIVERY_LEASE_MS) }
  }

  /** Whether a claim holds for as long as an attempt may take. */
  function isHeld({ second }: Delivery): boolean {
    return clock() + DELIVERY_TIMEOUT_MS < second * 1000
  }

  function start(id: Pick<Delivery, 'sid' | 'site'>, take: () => Promise<Delivery | undefined>): void {
    const key = deliveryKey(id)
    if (inHand.has(key) || closing.signal.aborted) return
    const limit = limits.get(id.site) ?? pLimit(ATTEMPTS_PER_SITE)
    limits.set(id.site, limit)
    const work = limit(async () => {
      const delivery = closing.signal.aborted ? undefined : await take()
      if (delivery) await attempt(delivery)
    })
      .catch((error: unknown) => events.emit('error', { error, path: 'back-channel logout' }))
      .finally(() => inHand.delete(key))
    inHand.set(key, work)
  }

  async function attempt(delivery: Delivery): Promise<void> {
    const { site, sid } = delivery
    const told = await sites.byId(site)
    const uri = told?.backchannelLogoutUri
    // Unregistered meanwhile: there is nobody to tell.
    if (!told || uri === undefined) return end(delivery, false)
    const sub = nameSubject(told, delivery.sub)
    const startedAt = performance.now()
    const token = await signLogoutToken(keys, { issuer: origin, site, sub, sid, now: clock() })
    const result = await postLogoutToken(uri, token, { timer, timeoutMs: DELIVERY_TIMEOUT_MS, signal: closing.signal })
    const retryAt = result.ok ? await end(delivery, true).then(() => null) : await putBack(delivery, result)
    if (result.status === 'aborted') return
    const { ok, status } = result
    const durationMs = performance.now() - startedAt
    events.emit('delivery', { site, sid, ok, attempt: delivery.attempts + 1, status, retryAt, durationMs })
  }

  async function end(delivery: Delivery, ok: boolean): Promise<void> {
    // Whoever took it over meanwhile has moved it on the agenda.
    const latest = (await read(delivery))?.delivery ?? delivery
    await store.write(endSteps(latest, { ok }, clock()))
    await store.publish(deliveriesOf(delivery.sid))
  }

  /** Stores what a failure leaves; gives the time of the next attempt, `null` if there is none. */
  async function putBack(delivery: Delivery, { status }: Attempt): Promise<number | null> {
    const before = await read(delivery)
    // Whoever took it over meanwhile has the word.
    if (!before || before.delivery.claim !== delivery.claim) return null
    const next = status === 'aborted' ? { ...delivery, second: secondOf(clock()) } : afterFailure(delivery, clock())
    if (!next) {
      await end(delivery, false)
      return null
    }
    await store.write(putSteps(next, before))
    await store.publish(deliveriesOf(delivery.sid))
    return next.second * 1000
  }

  return {
    async prepare({ sid, sub, sites: visited }) {
      const known = await Promise.all(Object.keys(visited).map((id) => sites.byId(id)))
      const told = known.flatMap((site) => (site?.backchannelLogoutUri === undefined ? [] : [site.id]))
      if (sub === undefined || told.length === 0) return { steps: [], send: () => undefined }
      // Claimed by this process from the start, so that no other attempts them first.
      const deliveries = told.map((id) => lease({ sid, sub, site: id, queuedAt: clock(), attempts: 0 }))
      return {
        steps: deliveries.flatMap((delivery) => putSteps(delivery)),
        send() {
          for (const delivery of deliveries) {
            start(delivery, async () => (isHeld(delivery) ? delivery : claim(dueOf(delivery))))
          }
        },
      }
    },

    resume(due) {
      start(parseTask(due), () => claim(due))
    },

    async states(sid) {
      // In this order: one that is done in between is seen as done.
      const waiting = await store.keys(deliveriesOf(sid))
      const queued = await Promise.all(waiting.map((key) => store.get(key)))
      const states = new Map<string, DeliveryState>()
      for (const stored of queued) {
        if (!stored) continue
        const { site, attempts } = JSON.parse(stored.value) as Delivery
        states.set(site, attempts === 0 ? 'waiting' : 'retrying')
      }
      for (const key of await store.keys(outcomesOf(sid))) {
        const stored = await store.get(key)
        if (!stored) continue
        const { ok } = JSON.parse(stored.value) as Outcome
        states.set(key.slice(outcomesOf(sid).length), ok ? 'confirmed' : 'given-up')
      }
      return states
    },

    follow: (sid, listener) => store.subscribe(deliveriesOf(sid), listener),

    count: async () => (await store.keys('delivery/')).length,

    async close() {
      closing.abort()
      await Promise.all(inHand.values())
    },
  }
}
