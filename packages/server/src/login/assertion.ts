import { ASSERTION_LIFETIME_MS, ASSERTION_PATH } from '@isthmus/protocol'
import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import * as z from 'zod'
import type { Hub } from '../create-hub.ts'
import type { Clock, Store } from '../store/store.ts'
import { type AssertionKey, type CheckingKey, importAssertionKey } from './assertion-key.ts'
import { beganHere } from './began-here.ts'
import { type HubWithLogin, leadOn, refuseSignIn, withLoginRoutes } from './with-login-routes.ts'

export type { AssertionKey } from './assertion-key.ts'

/** What {@link assertionLogin} takes. */
export interface AssertionOptions {
  readonly hub: Hub
  /** The hub's origin: the audience that an assertion has to name. */
  readonly origin: string
  /** The store that the hub has: an assertion is good once, at whichever server it arrives. */
  readonly store: Store
  readonly key: AssertionKey
  /** Hears why an assertion was refused; no word of it is a secret. Default: a line on stderr. */
  readonly onRefused?: (reason: string) => void
  /** Milliseconds since the epoch; default `Date.now`. Tests hold it. */
  readonly clock?: Clock
}

/** How far the clocks of hub and login page may be apart. */
const CLOCK_SKEW_MS = 5000

/** Longest assertion that is looked at: it may travel in an address. */
const ASSERTION_LIMIT = 8192

const assertionSchema = z.object({
  sub: z.string().min(1).max(255),
  claims: z.record(z.string(), z.unknown()).default({}),
  groups: z.array(z.string()).default([]),
  jti: z.string().min(8).max(255),
  iat: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  /** Id of the pending sign-in. */
  nonce: z.string().min(1).max(ASSERTION_LIMIT),
})

/**
 * Lets a login page sign users in that is written in any language, wherever it runs on the auth domain:
 *
 * 1. The hub sends the browser to the login page, with the id of a pending sign-in in the query `isthmus`.
 * 2. The login page checks the user, and sends the browser to `/isthmus/assertion` with a signed JWT: by a redirect (query
 *    `assertion`) or by a form (POST).
 * 3. The hub signs the user in if the JWT is signed with the key, names this hub (`aud`) and the sign-in (`nonce`), is at
 *    most 60 s old, was not used before (`jti`), **and** this browser began that sign-in. So an assertion that is planted
 *    in another browser signs nobody in.
 *
 * Gives the hub with that path added to it.
 * @throws {IsthmusError} `config-invalid`, with a sentence that names the key and the cure
 *
 * @example
 * const hub = await createHub({ origin, sites, store })
 * app.use(nodeHandler(await assertionLogin({ hub, origin, store, key: process.env.ASSERTION_KEY })))
 */
export async function assertionLogin(options: AssertionOptions): Promise<HubWithLogin> {
  const { hub, origin, store, clock = Date.now } = options
  const { onRefused = (reason: string) => console.error(`isthmus: an assertion was refused: ${reason}.`) } = options
  const key = await importAssertionKey(options.key)

  async function signIn(request: Request): Promise<Response> {
    const { sub, claims, groups, jti, exp, nonce } = await open(await readAssertion(request), key, origin, clock)
    if (!beganHere(request, nonce)) throw refuseSignIn('this browser did not begin the sign-in that it names')
    const mark = { put: `assertion/${jti}`, value: '""', expiresAt: exp * 1000 + CLOCK_SKEW_MS, ifVersion: null }
    if (!(await store.write([mark]))) throw refuseSignIn('its jti was used before')
    return leadOn(await hub.signIn(request, { sub, claims, groups }, { pending: nonce }))
  }

  return withLoginRoutes(hub, { [`GET ${ASSERTION_PATH}`]: signIn, [`POST ${ASSERTION_PATH}`]: signIn }, onRefused)
}

async function readAssertion(request: Request): Promise<string> {
  const isForm = request.method === 'POST'
  const fields = isForm ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams
  const [assertion, another] = fields.getAll('assertion')
  if (assertion === undefined || another !== undefined) throw refuseSignIn('the request holds no assertion, or two')
  if (assertion.length > ASSERTION_LIMIT) throw refuseSignIn('it is longer than any that is looked at')
  return assertion
}

async function open(
  assertion: string,
  { algorithm, key }: CheckingKey,
  audience: string,
  clock: Clock,
): Promise<z.output<typeof assertionSchema>> {
  const now = clock()
  const { payload } = await jwtVerify(assertion, key, {
    // One algorithm, whatever the assertion asks for.
    algorithms: [algorithm],
    audience,
    currentDate: new Date(now),
    clockTolerance: CLOCK_SKEW_MS / 1000,
    requiredClaims: ['iat', 'exp'],
  }).catch((error: unknown) => {
    throw refuseSignIn(error instanceof errors.JOSEError ? explain(error, assertion, algorithm) : 'it cannot be read')
  })
  const parsed = assertionSchema.safeParse(payload)
  if (!parsed.success) throw refuseSignIn(`${parsed.error.issues[0]?.path.join('.')} is missing, or has not its form`)
  const { iat, exp } = parsed.data
  if ((exp - iat) * 1000 > ASSERTION_LIFETIME_MS) throw refuseSignIn('it lives longer than 60 s: set exp to iat + 60')
  if (iat * 1000 > now + CLOCK_SKEW_MS) throw refuseSignIn('it is from the future: are the clocks right?')
  return parsed.data
}

function explain(error: errors.JOSEError, assertion: string, algorithm: string): string {
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `it is signed with ${decodeProtectedHeader(assertion).alg}, and the key of the hub is one for ${algorithm}`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is of another key'
  if (error instanceof errors.JWTExpired) return 'it is too old'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its ${error.claim} is wrong: aud is the origin of the hub`
  return 'it is no signed JWT'
}
