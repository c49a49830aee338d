import { IsthmusError } from '@isthmus/protocol'
import * as z from 'zod'
import { onlyOptions } from '../config/explain.ts'
import type { Store } from '../store/store.ts'
import { type Limiter, memoryLimiter } from './limiter.ts'

/**
 * What one address or one session may take of a hub. The defaults let an office of several thousand people behind one
 * address come to work in the same minute, and keep one address to a few hundredths of what a hub can do.
 */
export interface LimitsConfig {
  /** Open streams of one session, at one hub server; default 100. A browser holds one for each partition. */
  readonly streamsPerSession?: number
  /** Open streams of one address, at one hub server; default 5000. */
  readonly streamsPerAddress?: number
  /** New carriers of one session for one site in an hour; default 60. */
  readonly carriersPerHour?: number
  /** Visits that are registered from one address in a minute; default 6000. */
  readonly visitsPerMinute?: number
  /** Tickets that are asked for or redeemed from one address in a minute; default 12000. */
  readonly ticketsPerMinute?: number
  /** Sign-ins that are begun from one address in a minute; default 3000. */
  readonly signInsPerMinute?: number
  /** Proofs of possession from one address in a minute; default 20000. */
  readonly proofsPerMinute?: number
}

const most = (standard: number) => z.int().positive().default(standard)

export const limitsSchema: z.ZodType<Required<LimitsConfig>> = onlyOptions({
  streamsPerSession: most(100),
  streamsPerAddress: most(5000),
  carriersPerHour: most(60),
  visitsPerMinute: most(6000),
  ticketsPerMinute: most(12_000),
  signInsPerMinute: most(3000),
  proofsPerMinute: most(20_000),
}).prefault({})

/** What is counted in windows of time. Open streams are counted where they are kept. */
export type Counted = 'carriers' | 'visits' | 'tickets' | 'signIns' | 'proofs'

export interface Limits {
  /**
   * Counts one; throws `too-many-requests` beyond the limit. `key`: the address, or the session and site. What has no
   * key, because no address is known, is not counted.
   */
  take(what: Counted, key: string | undefined): Promise<void>
}

/** Limits whose counts all servers of a hub share, if its store can do that. */
export function createLimits(config: Required<LimitsConfig>, store: Pick<Store, 'limiter'>): Limits {
  const create = (name: Counted, most: number, windowS: number): Limiter => {
    const bound = { name, most, windowS }
    return store.limiter?.(bound) ?? memoryLimiter(bound)
  }
  const limiters: Record<Counted, Limiter> = {
    carriers: create('carriers', config.carriersPerHour, 3600),
    visits: create('visits', config.visitsPerMinute, 60),
    tickets: create('tickets', config.ticketsPerMinute, 60),
    signIns: create('signIns', config.signInsPerMinute, 60),
    proofs: create('proofs', config.proofsPerMinute, 60),
  }
  return {
    async take(what, key) {
      if (key === undefined) return
      const waitMs = await limiters[what].take(key)
      if (waitMs > 0) throw tooMany(waitMs)
    },
  }
}

/** Why a request was put off, and for how long. */
class Wait {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
}

export function tooMany(waitMs: number): IsthmusError {
  return new IsthmusError('too-many-requests', undefined, { cause: new Wait(waitMs) })
}

/** When it is worth to ask again, in whole seconds; `undefined` if the error says nothing of that. */
export function retryAfterOf({ cause }: IsthmusError): number | undefined {
  return cause instanceof Wait ? Math.ceil(cause.ms / 1000) : undefined
}
