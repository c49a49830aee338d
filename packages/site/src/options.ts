import { isTrustworthyOrigin, JWKS_PATH, type Origin, originOf, parseOrigin, siteIdSchema } from '@isthmus/protocol'
import { refusal } from './refuse.ts'
import type { Mirror } from './request-like.ts'
import { memoryRevocations, type Revocations } from './revocations.ts'

/** What {@link createVerifier} takes. */
export interface VerifierOptions {
  /** Exact origin of the auth domain: `https://auth.example.com`. */
  readonly hub: string
  /** The id under which this site is registered with the hub. */
  readonly site: string
  /**
   * How the pages of this site mirror their token, and so which cookie is believed: `isthmus_token`, which the page
   * writes (`cookie`, the default), or the HttpOnly `__Host-isthmus_token` of {@link mirrorEndpoint} (`endpoint`).
   * The other one is never read. `Authorization: Bearer` is, before either.
   */
  readonly mirror?: Mirror
  /**
   * Where the hub's keys are fetched, if not at its public origin: an address inside your network. https, or http on a
   * loopback host: whoever can answer there decides who is signed in.
   */
  readonly jwks?: string
  /** Where ended sessions are remembered; default in memory. A site of many processes or machines shares one. */
  readonly revocations?: Revocations
  /** How many verdicts are kept, so that a token is checked once and not at every request; default 10 000. */
  readonly verdicts?: number
  /** Milliseconds since the epoch; default `Date.now`. Tests hold it. */
  readonly clock?: () => number
}

/** The options after parsing. */
export interface VerifierSettings {
  readonly hub: Origin
  readonly site: string
  readonly mirror: Mirror
  readonly jwks: URL
  readonly revocations: Revocations
  readonly verdicts: number
  readonly clock: () => number
}

const REVOCATIONS_METHODS = ['put', 'get', 'add', 'delete'] as const

/** Throws `config-invalid` with a sentence that names the key and the cure. */
export function parseVerifierOptions(options: VerifierOptions): VerifierSettings {
  const { hub, site, mirror = 'cookie', jwks, clock = Date.now, verdicts = 10_000 } = options
  const { revocations = memoryRevocations({ clock }) } = options
  const origin = parseTrustworthy(hub)
  if (!origin) fail('hub', hub, 'needs the exact origin of the auth domain: "https://auth.example.com"')
  if (!siteIdSchema.safeParse(site).success) fail('site', site, 'needs the id under which the hub knows this site')
  if (mirror !== 'cookie' && mirror !== 'endpoint') fail('mirror', mirror, 'needs "cookie" or "endpoint"')
  if (jwks !== undefined && !originOf(jwks)) fail('jwks', jwks, 'needs the whole address of the key set')
  if (jwks !== undefined && !isTrustworthyOrigin(originOf(jwks) as Origin)) {
    fail('jwks', jwks, 'needs https (http is for loopback hosts): whoever answers there decides who is signed in')
  }
  if (!(Number.isInteger(verdicts) && verdicts > 0)) fail('verdicts', verdicts, 'needs a number above 0')
  if (!REVOCATIONS_METHODS.every((method) => typeof revocations[method] === 'function')) {
    fail('revocations', revocations, 'needs the methods put, get, add and delete')
  }
  return { hub: origin, site, mirror, jwks: new URL(jwks ?? origin + JWKS_PATH), revocations, verdicts, clock }
}

/** The exact origins of a site's own pages; throws `config-invalid` where one is not. */
export function parseOwnOrigins(origins: readonly string[]): readonly Origin[] {
  if (!Array.isArray(origins) || origins.length === 0) fail('origins', origins, 'needs the exact origins of this site')
  return origins.map((text) => parseTrustworthy(text) ?? fail('origins', text, 'needs exact origins, https'))
}

function parseTrustworthy(text: unknown): Origin | undefined {
  const origin = parseOrigin(text)
  return origin && isTrustworthyOrigin(origin) ? origin : undefined
}

function fail(key: string, value: unknown, cure: string): never {
  throw refusal('config-invalid', `@isthmus/site: ${key} ${cure}, not ${JSON.stringify(value)}.`)
}
