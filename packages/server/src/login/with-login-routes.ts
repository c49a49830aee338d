import { ERRORS, IsthmusError } from '@isthmus/protocol'
import type { Hub, SignInResult } from '../create-hub.ts'
import { errorPage } from '../pages/pages.ts'
import { limitBody } from '../requests/limit-body.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import { withRoutes } from '../with-routes.ts'

/** A hub that has further paths: serve it as the hub itself, `nodeHandler(…)` or `fetch`. */
export type HubWithLogin = Hub

/** Answers a method and path, such as `POST /isthmus/assertion`. */
type Routes = Readonly<Record<string, (request: Request) => Promise<Response>>>

/** Assertions and logout tokens of providers are a few kB; what is longer is an attack on the parser. */
const LOGIN_BODY_BYTES = 32_768

/** Adds paths to a hub. What they refuse is said to the program in full, and to the browser by its code. */
export function withLoginRoutes(hub: Hub, routes: Routes, onRefused: (reason: string) => void): HubWithLogin {
  return withRoutes(hub, (method, path) => {
    const route = routes[`${method} ${path}`]
    if (!route) return undefined
    return async (request) => {
      try {
        return await route(await limitBody(request, LOGIN_BODY_BYTES))
      } catch (error) {
        if (!(error instanceof IsthmusError)) throw error
        onRefused(error.cause instanceof Error ? error.cause.message : error.message)
        if (request.headers.get('sec-fetch-dest') === 'document') return errorPage(new IsthmusError(error.code))
        const { status, sentence } = ERRORS[error.code]
        return Response.json({ error: error.code, message: sentence }, { status, headers: PRIVATE_HEADERS })
      }
    }
  })
}

/** The answer to a sign-in: sets its cookies, and others, and leads on. */
export function leadOn({ cookies, redirectTo }: SignInResult, more: readonly string[] = []): Response {
  const headers = new Headers({ Location: redirectTo, ...PRIVATE_HEADERS })
  for (const cookie of [...cookies, ...more]) headers.append('Set-Cookie', cookie)
  return new Response(null, { status: 303, headers })
}

/** Why nobody is signed in: told to the program; the browser gets the code alone. */
export function refuseSignIn(reason: string): IsthmusError {
  return new IsthmusError('sign-in-refused', undefined, { cause: new Error(reason) })
}
