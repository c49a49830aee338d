import { goOnPage } from '../pages/go-on-page.ts'
import { PRIVATE_HEADERS } from './headers.ts'

/** Proxies hold back headers beyond their buffer (nginx: 4 kB, with the cookies): longer addresses go into a page. */
const LOCATION_LIMIT = 2048

/** A redirect that nobody stores. */
export function redirect(to: string, cookies: readonly string[] = []): Response {
  return withCookies(new Response(null, { status: 303, headers: { ...PRIVATE_HEADERS, Location: to } }), cookies)
}

/**
 * Back to the page that began a visit. It keeps its `opener`, which the policy of the hub's own pages would take away
 * for good; it is told the answer anyway.
 */
export async function redirectBack(to: string, cookies: readonly string[] = []): Promise<Response> {
  if (to.length > LOCATION_LIMIT) return goOn(to, cookies)
  const response = redirect(to, cookies)
  response.headers.set('Cross-Origin-Opener-Policy', 'unsafe-none')
  return response
}

/** The same by a page that goes on by itself: browsers hold redirects that follow a form to the form's own policy. */
export async function goOn(to: string, cookies: readonly string[] = []): Promise<Response> {
  return withCookies(await goOnPage(to), cookies)
}

function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}
