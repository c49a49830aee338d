import type * as ENDPOINTS from './endpoints.ts'

export type EndpointName = keyof typeof ENDPOINTS

interface EndpointFacts {
  readonly caller: 'frame' | 'hub page' | 'hub page or site' | 'browser' | 'operator' | 'anyone'
  readonly input: string
  readonly output: string
  readonly means: string
}

/** Who calls each endpoint, with what, and what comes back; PROTOCOL.md prints it. Apart from the table: browsers need no prose. */
export const ENDPOINT_FACTS: Record<EndpointName, EndpointFacts> = {
  hub: {
    caller: 'frame',
    input: 'Referer; query `origin`?, `site`?, `token=1`?, `button=1`?',
    output: 'HTML with `HubPageData` inlined',
    means:
      'The page for embedding, with the state for exactly the site that Referer names; without Referer, with none, for the site of `origin` or `site`.',
  },
  assets: {
    caller: 'hub page or site',
    input: '–',
    output: 'JavaScript',
    means:
      'A part of the hub page or of the SDK, whose name holds the hash of its content. An older hash gives the part as it is now.',
  },
  client: {
    caller: 'anyone',
    input: '–',
    output: 'JavaScript',
    means: 'The SDK for script tags.',
  },
  session: {
    caller: 'hub page or site',
    input: 'DPoP proof?; across origins: query `site`?, `token=1`?, `first-party=1`?',
    output: '`SiteAnswer`',
    means:
      'The state now. Pages on registered origins may ask it, `touch` and `signOut` themselves (CORS, with credentials).',
  },
  touch: {
    caller: 'hub page or site',
    input: 'as `session`',
    output: '`SiteAnswer`',
    means: 'Pushes the idle end away.',
  },
  signOut: {
    caller: 'hub page or site',
    input: 'as `session`',
    output: '`SiteAnswer`',
    means: 'Ends the session, everywhere. The answer means that it is stored.',
  },
  redeem: {
    caller: 'hub page',
    input: '`RedeemInput`; DPoP proof?',
    output: '`Redeemed`; sets the partitioned cookie',
    means:
      'Burns a ticket and links this partition to its session. A proof introduces the key that a handle is then bound to.',
  },
  events: {
    caller: 'hub page',
    input: 'DPoP proof?',
    output: 'SSE, event `state`: `SiteAnswer`',
    means: 'The state now, and again at every change. Ends after a state other than signed-in.',
  },
  link: {
    caller: 'browser',
    input: 'Referer; query `visit`, or `Bounce`',
    output: 'redirect to `return_to#isthmus=<ticket>`; sets the guest’s cookie? HTML that asks first',
    means:
      'The silent visit that fetches the ticket for a partition’s own carrier. Asks first if another than the site began.',
  },
  registerVisit: {
    caller: 'hub page',
    input: '`Visit`',
    output: '`RegisteredVisit`',
    means: 'Accepts a visit of `/link` or `/login` before the page is left, and gives the short id that stands for it.',
  },
  linkFrame: {
    caller: 'hub page',
    input: 'the hub’s own cookie; DPoP proof?',
    output: '`Redeemed`; sets the partitioned cookie',
    means:
      'Links this partition to the session of the hub’s own cookie, for a frame that the browser gave access to it (Storage Access API).',
  },
  login: {
    caller: 'browser',
    input: 'Referer; query `visit`, or `Bounce`?',
    output: 'redirect to the login page, or back with a ticket if there is a session; HTML that asks first',
    means: 'Sign-in, and back. Asks first if another than the site began.',
  },
  continueSignIn: {
    caller: 'browser',
    input: 'query `pending`',
    output: 'HTML that goes on to `return_to#isthmus=<ticket>` by itself; redirect to `/`',
    means: 'After the password: back to the site that asked, in the browser that began.',
  },
  confirmVisit: {
    caller: 'browser',
    input: 'Origin; query `to`, and `visit` or `Bounce`',
    output: 'HTML that goes on by itself',
    means: 'The user confirmed a visit that another page began.',
  },
  logout: {
    caller: 'browser',
    input: 'Referer; query `Bounce`?',
    output: 'redirect to the signed-out page, or to `return_to`; HTML that asks first',
    means: 'Ends the session if a registered site sent the user; asks first if not, whether there is a session or not.',
  },
  confirmLogout: {
    caller: 'browser',
    input: 'Origin; query `Bounce`?',
    output: 'redirect to the signed-out page, or to `return_to`',
    means: 'The user confirmed.',
  },
  signedOut: {
    caller: 'browser',
    input: 'query `site`?',
    output: 'HTML, written on as sites confirm',
    means: 'The common page after sign-out, with the result of each site. Ends nothing.',
  },
  account: {
    caller: 'browser',
    input: '–',
    output: 'HTML, or redirect to the login page',
    means: "The user's own sessions: device, place, first and last seen, sites.",
  },
  endSessions: {
    caller: 'browser',
    input: 'form: `end`, the `sid` of one of the own sessions, or `others`',
    output: 'redirect to the account, or to the signed-out page',
    means: 'Ends one session of the user, or all others.',
  },
  healthz: {
    caller: 'operator',
    input: '–',
    output: '`Health`; 503 if the store fails',
    means: 'Whether the hub and its store work. Says nothing else; safe to be public, and open to every origin.',
  },
  livez: {
    caller: 'operator',
    input: '–',
    output: '`Health`',
    means: 'That the process answers: whether to start it anew. Says nothing of the store.',
  },
  readyz: {
    caller: 'operator',
    input: '–',
    output: '`Health`; 503 if the store fails, and while the hub drains',
    means: 'Whether to send it requests: for load balancers.',
  },
  metrics: {
    caller: 'operator',
    input: '`Authorization: Bearer` with the option `metricsKey`',
    output: 'Prometheus text',
    means:
      'Numbers about the hub; only with the option `metricsKey`, or `metrics: true`: then keep it from the public at the proxy.',
  },
  jwks: {
    caller: 'anyone',
    input: '–',
    output: 'JSON Web Key Set (RFC 7517)',
    means: 'The keys that site tokens and logout tokens are verified with.',
  },
  discovery: {
    caller: 'anyone',
    input: 'Origin',
    output: '`Discovery`',
    means: 'Whether this is a hub, and whether it knows the asking origin.',
  },
}
