import type { Origin } from '@isthmus/protocol'
import type { Hub } from './create-hub.ts'
import type { Router } from './routes/router.ts'

/** What is behind a hub's `fetch`. */
export interface PlainAnswers {
  readonly origin: Origin
  readonly answer: Router
}

/**
 * The router behind a hub's `fetch`, for our own adapter: it spares it `Request` and `Response`. By the function itself,
 * so that a `fetch` that a program wraps around the hub's is called as it is.
 */
export const plainAnswers: WeakMap<Hub['fetch'], PlainAnswers> = new WeakMap()
