import type { HubParts } from '../parts.ts'
import { AGAIN, isPrefetch, isUnwatched } from '../requests/initiator.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import { goOn } from '../responses/redirects.ts'

type Route = (request: Request, hub: HubParts) => Response | Promise<Response>

/** A route for top-level visits: a browser that only guesses where its user goes changes nothing, and asks again then. */
export function topLevel(route: Route): Route {
  return (request, hub) =>
    isPrefetch(request.headers) ? new Response(null, { status: 503, headers: PRIVATE_HEADERS }) : route(request, hub)
}

/**
 * A route whose answer depends on who is signed in. A page that another one opened is first cut off from it, by a page
 * that says the same whoever asks, and leads here by itself.
 */
export function unwatched(route: Route): Route {
  return topLevel((request, hub) => {
    if (isUnwatched(request, hub.settings.origin)) return route(request, hub)
    const { pathname, searchParams } = new URL(request.url)
    if (!request.headers.has('sec-fetch-site')) searchParams.set(AGAIN, '1')
    return goOn(searchParams.size === 0 ? pathname : `${pathname}?${searchParams}`)
  })
}
