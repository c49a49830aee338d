import { ERRORS, IsthmusError } from '@isthmus/protocol'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Hub, SignInResult } from '../create-hub.ts'
import { errorPage } from '../pages/pages.ts'

/** A hub that has further paths: serve it as the hub itself, `nodeHandler(…)` or `fetch`. */
export type HubWithLogin = Hub

/** Answers a method and path, such as `POST /isthmus/assertion`. */
type Routes = Readonly<Record<string, (request: Request) => Promise<Response>>>

/** Assertions and logout tokens of providers are a few kB; what is longer is an attack on the parser. */
const LOGIN_BODY_BYTES = 32_768

const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' }

/** Adds paths to a hub. What they refuse is said to the program in full, and to the browser by its code. */
export function withLogin(hub: Hub, routes: Routes, onRefused: (reason: string) => void): HubWithLogin {
  const router = new Hono()
  const tooLong = (): never => {
    throw refuseSignIn('its body is longer than any that is read')
  }
  const limit = bodyLimit({ maxSize: LOGIN_BODY_BYTES, onError: tooLong })
  for (const [place, route] of Object.entries(routes)) {
    const [method = '', path = ''] = place.split(' ')
    router.on(method, path, limit, ({ req }) => route(req.raw))
  }
  router.notFound(({ req }) => hub.fetch(req.raw))
  router.onError((error, { req }) => {
    if (!(error instanceof IsthmusError)) throw error
    onRefused(error.cause instanceof Error ? error.cause.message : error.message)
    if (req.header('sec-fetch-dest') === 'document') return errorPage(new IsthmusError(error.code))
    const { status, sentence } = ERRORS[error.code]
    return Response.json({ error: error.code, message: sentence }, { status, headers: PRIVATE })
  })
  return { ...hub, fetch: async (request) => router.fetch(request) }
}

/** The answer to a sign-in: sets its cookies, and others, and leads on. */
export function leadOn({ cookies, redirectTo }: SignInResult, more: readonly string[] = []): Response {
  const headers = new Headers({ Location: redirectTo, ...PRIVATE })
  for (const cookie of [...cookies, ...more]) headers.append('Set-Cookie', cookie)
  return new Response(null, { status: 303, headers })
}

/** Why nobody is signed in: told to the program; the browser gets the code alone. */
export function refuseSignIn(reason: string): IsthmusError {
  return new IsthmusError('sign-in-refused', undefined, { cause: new Error(reason) })
}
