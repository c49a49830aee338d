import { ERRORS, IsthmusError } from '@isthmus/protocol'
import { parseSetCookie } from 'cookie'
import type { Hub } from '../create-hub.ts'
import type { Subject } from '../session/subject.ts'

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

/** Signs a user in for a pending sign-in whose browser was checked; the answer leads on, and `sid` is the new session. */
export async function signInFor(
  hub: Hub,
  { headers }: Request,
  subject: Subject,
  pending: string | undefined,
  more: readonly string[] = [],
): Promise<{ response: Response; sid: string | undefined }> {
  const query = pending === undefined ? '' : `?isthmus=${encodeURIComponent(pending)}`
  // Without the Origin of the login page: what proves this sign-in is its signature or state.
  const own = new Headers(headers)
  for (const name of ['origin', 'referer', 'sec-fetch-site']) own.delete(name)
  const { cookies, redirectTo } = await hub.signIn(
    new Request(`http://hub.invalid/${query}`, { headers: own }),
    subject,
  )
  const answer = new Headers({ Location: redirectTo, ...PRIVATE })
  for (const cookie of [...cookies, ...more]) answer.append('Set-Cookie', cookie)
  const kept = cookies.map((text) => parseSetCookie(text)).filter(({ maxAge }) => maxAge !== 0)
  const cookie = kept.map(({ name, value }) => `${name}=${value}`).join('; ')
  const session = await hub.sessions.current(new Request('http://hub.invalid/', { headers: { cookie } }))
  return { response: new Response(null, { status: 303, headers: answer }), sid: session?.sid }
}

/** Why nobody is signed in: told to the program; the browser gets the code alone. */
export function refuseSignIn(reason: string): IsthmusError {
  return new IsthmusError('sign-in-refused', undefined, { cause: new Error(reason) })
}
