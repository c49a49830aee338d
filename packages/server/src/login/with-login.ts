import { ERRORS, IsthmusError } from '@isthmus/protocol'
import type { Hub, SignInResult } from '../create-hub.ts'

/** A hub that has further paths: serve it as the hub itself, `nodeHandler(…)` or `fetch`. */
export type HubWithLogin = Hub

/** Answers a method and path, such as `POST /isthmus/assertion`. */
type Routes = Readonly<Record<string, (request: Request) => Promise<Response>>>

const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' }

/** Adds paths to a hub. What they refuse is said to the program in full, and to the browser by its code. */
export function withLogin(hub: Hub, routes: Routes, onRefused: (reason: string) => void): HubWithLogin {
  return {
    ...hub,
    async fetch(request) {
      const route = routes[`${request.method} ${new URL(request.url).pathname}`]
      if (!route) return hub.fetch(request)
      try {
        return await route(request)
      } catch (error) {
        if (!(error instanceof IsthmusError)) throw error
        onRefused(error.cause instanceof Error ? error.cause.message : error.message)
        const { status, sentence } = ERRORS[error.code]
        return Response.json({ error: error.code, message: sentence }, { status, headers: PRIVATE })
      }
    },
  }
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
