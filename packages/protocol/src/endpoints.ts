import * as z from 'zod/mini'
import { BASE_PATH, RETURN_TO_LIMIT } from './constants.ts'
import { ERRORS, type ErrorCode } from './errors.ts'
import { secretSchema } from './messages.ts'
import { siteAnswerSchema, siteIdSchema } from './state.ts'

/** Body of `POST /redeem`. */
export const redeemSchema = z.object({ ticket: secretSchema, verifier: secretSchema })
export type RedeemInput = z.infer<typeof redeemSchema>

/** Query of `GET /link`, `GET /login` and `GET /logout`: where to go back to, and for whom. */
export const bounceSchema = z.object({
  site: z.optional(siteIdSchema),
  return_to: z.string().check(z.minLength(1), z.maxLength(RETURN_TO_LIMIT)),
  /** S256 of the client's verifier (RFC 7636 §4.2). Without it the user comes back without a ticket. */
  challenge: z.optional(secretSchema),
  /** `none`: never show anything. `login`: ask for the password even if there is a session (OIDC Core §3.1.2.1). */
  prompt: z.optional(z.enum(['none', 'login'])),
})
export type Bounce = z.infer<typeof bounceSchema>

/** What the hub page finds inlined; `null` instead of `answer` where the server saw no Referer. */
export const hubPageDataSchema = z.object({
  /** The page the frame may talk to; absent without a Referer. */
  origin: z.optional(z.string()),
  answer: z.optional(siteAnswerSchema),
  /** Path of the worker script, with the hash of its content. */
  worker: z.string(),
})
export type HubPageData = z.infer<typeof hubPageDataSchema>

/** `GET /.well-known/isthmus`: public facts, and the site that the asking origin belongs to. */
export const discoverySchema = z.object({
  issuer: z.string(),
  version: z.int(),
  /** Site of the `Origin` that asks; `null` if it is registered for none. */
  site: z.nullable(siteIdSchema),
})
export type Discovery = z.infer<typeof discoverySchema>

/** Body of every answer that is an error. */
export const problemSchema = z.object({
  error: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
})
export type Problem = z.infer<typeof problemSchema>

interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly caller: 'frame' | 'hub page' | 'site' | 'browser' | 'anyone'
  readonly input: string
  readonly output: string
  readonly means: string
}

/** Every endpoint of a hub. The server routes from it and PROTOCOL.md prints it. */
export const ENDPOINTS = {
  hub: {
    method: 'GET',
    path: `${BASE_PATH}/hub`,
    caller: 'frame',
    input: 'Referer; query `site`?',
    output: 'HTML with `HubPageData` inlined',
    means: 'The page for embedding, with the state for exactly the site that Referer names.',
  },
  worker: {
    method: 'GET',
    path: `${BASE_PATH}/worker.js`,
    caller: 'hub page',
    input: 'query `v`',
    output: 'JavaScript',
    means: 'The worker that holds the event stream.',
  },
  client: {
    method: 'GET',
    path: `${BASE_PATH}/client.js`,
    caller: 'anyone',
    input: '–',
    output: 'JavaScript',
    means: 'The SDK for script tags.',
  },
  session: {
    method: 'GET',
    path: `${BASE_PATH}/session`,
    caller: 'hub page',
    input: '–',
    output: '`SiteAnswer`',
    means: 'The state now. Registered origins may ask directly, with credentials.',
  },
  touch: {
    method: 'POST',
    path: `${BASE_PATH}/touch`,
    caller: 'hub page',
    input: '–',
    output: '`SiteAnswer`',
    means: 'Pushes the idle end away.',
  },
  signOut: {
    method: 'POST',
    path: `${BASE_PATH}/sign-out`,
    caller: 'hub page',
    input: '–',
    output: '`SiteAnswer`',
    means: 'Ends the session, everywhere. The answer means that it is stored.',
  },
  redeem: {
    method: 'POST',
    path: `${BASE_PATH}/redeem`,
    caller: 'hub page',
    input: '`RedeemInput`',
    output: '`SiteAnswer`; sets the partitioned cookie',
    means: 'Burns a ticket and links this partition to its session.',
  },
  events: {
    method: 'GET',
    path: `${BASE_PATH}/events`,
    caller: 'hub page',
    input: '–',
    output: 'SSE, event `state`: `SiteAnswer`',
    means: 'The state now, and again at every change. Ends after a state other than signed-in.',
  },
  link: {
    method: 'GET',
    path: `${BASE_PATH}/link`,
    caller: 'browser',
    input: '`Bounce`',
    output: 'redirect to `return_to#isthmus=<ticket>`',
    means: 'The silent bounce that gives a partition its own carrier.',
  },
  login: {
    method: 'GET',
    path: `${BASE_PATH}/login`,
    caller: 'browser',
    input: '`Bounce`',
    output: 'redirect to the login page, or back with a ticket if there is a session',
    means: 'Sign-in, and back.',
  },
  logout: {
    method: 'GET',
    path: `${BASE_PATH}/logout`,
    caller: 'browser',
    input: '`Bounce`?',
    output: 'HTML, or redirect to `return_to`',
    means: 'Ends the session if a registered site sent the user; asks first if not.',
  },
  confirmLogout: {
    method: 'POST',
    path: `${BASE_PATH}/logout`,
    caller: 'browser',
    input: 'form: `Bounce`?',
    output: 'HTML, or redirect to `return_to`',
    means: 'The user confirmed.',
  },
  discovery: {
    method: 'GET',
    path: '/.well-known/isthmus',
    caller: 'anyone',
    input: 'Origin',
    output: '`Discovery`',
    means: 'Whether this is a hub, and whether it knows the asking origin.',
  },
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof ENDPOINTS
