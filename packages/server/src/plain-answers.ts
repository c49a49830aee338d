import type { Hub } from './create-hub.ts'
import type { Router } from './routes/router.ts'

/**
 * The router behind a hub's `fetch`, for our own adapter: it spares it the `Response`. By the function itself, so that a
 * `fetch` that a program wraps around the hub's is called as it is.
 */
export const plainAnswers: WeakMap<Hub['fetch'], Router> = new WeakMap()
