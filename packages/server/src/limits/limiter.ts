import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Lets so many through in each window of time; every key has windows of its own. */
export interface Limiter {
  /** Counts one; 0 if it may go on, else the milliseconds until the window of this key is over. */
  take(key: string): Promise<number>
}

/** What a limiter lets through. */
export interface Bound {
  /** Word before its keys, where several limiters share one place. */
  readonly name: string
  readonly most: number
  readonly windowS: number
}

/** A limiter that counts in this process. */
export function memoryLimiter({ name, most, windowS }: Bound): Limiter {
  return limiterOf(new RateLimiterMemory({ keyPrefix: name, points: most, duration: windowS }))
}

/** `rate-limiter-flexible` rejects with its verdict; what else it rejects with is a failure of the place it counts in. */
export function limiterOf(limiter: RateLimiterAbstract): Limiter {
  return {
    async take(key) {
      try {
        await limiter.consume(key)
        return 0
      } catch (reason) {
        if (reason instanceof RateLimiterRes) return Math.max(1, reason.msBeforeNext)
        throw reason
      }
    },
  }
}
