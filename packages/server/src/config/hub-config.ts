import { ABSOLUTE_LIFETIME_MS, IDLE_LIFETIME_MS, IsthmusError, type Origin } from '@isthmus/protocol'
import * as z from 'zod'
import { type LimitsConfig, limitsSchema } from '../limits/limits.ts'
import { faultOfKey } from '../requests/bearer-key.ts'
import { networkOf } from '../requests/place.ts'
import type { RequestLike } from '../requests/request-like.ts'
import type { Clock, Store } from '../store/store.ts'
import { startTimer, type Timer } from '../timer.ts'
import { type KeySeal, SEAL_SECRET, sealWith } from '../token/key-seal.ts'
import { domainsOver } from './cookie-domain.ts'
import { defaultSentence, explain, onlyOptions } from './explain.ts'
import { originSchema, type Site, type SiteConfig, siteSchema } from './site.ts'

/** What {@link createHub} takes. */
export interface HubConfig {
  /** Exact origin of the auth domain, as browsers see it: `https://auth.example.com`. */
  readonly origin: string
  /** The registered sites; or a function that reads them, asked at start and again at most every 30 s. */
  readonly sites: readonly SiteConfig[] | (() => readonly SiteConfig[] | Promise<readonly SiteConfig[]>)
  /** Where sessions live, for example `lmdbStore({ path })` of `@isthmus/server/lmdb`. */
  readonly store: Store
  /** Path of your login page on the auth domain; default `/login`. */
  readonly loginPath?: string
  /** A session ends after this long without activity on any site; default 30 min. */
  readonly idleMs?: number
  /** A session ends this long after sign-in; default 12 h. */
  readonly absoluteMs?: number
  /**
   * Where a sign-in comes from, as users read it on their account page: a city from your CDN's header, for example.
   * `undefined` keeps nothing. Default: half of the address (`198.41.x.x`), if the request knows it.
   */
  readonly placeOf?: (request: RequestLike) => string | undefined
  /**
   * Serve `/isthmus/metrics`; default no. Whoever reaches the hub can read it: close the path at your proxy, or set
   * `metricsKey`.
   */
  readonly metrics?: boolean
  /**
   * Serve `/isthmus/metrics` to requests with `Authorization: Bearer <this key>` only; to all others it does not exist.
   * 32 characters or more: `openssl rand -base64 32`.
   */
  readonly metricsKey?: string
  /** What one address or one session may take of the hub. Beyond it the answer is 429, with `Retry-After`. */
  readonly limits?: LimitsConfig
  /**
   * Seals the private halves of the signing keys before they are stored, so that a copy of the store signs nothing: 32
   * random bytes in base64 (`openssl rand -base64 32`), or an object that asks your key management service. Of a list the
   * first seals and all open: put a new secret in front, and take the old one away when every server has both. Keys that
   * were stored without a seal are sealed when they are read. Default: none; the store is then kept as safe as a password.
   */
  readonly keySeal?: string | readonly string[] | KeySeal
  /**
   * What pairwise subjects are made with: 32 characters or more, random (`openssl rand -base64 32`), kept for as long as
   * there are users: another secret gives all of them other names on those sites. Needed if a site is `pairwise`.
   */
  readonly pairwiseSecret?: string
  /** Milliseconds since the epoch; default `Date.now`. Tests hold it. */
  readonly clock?: Clock
  /** Calls back once, after so many milliseconds; default Node's `setTimeout`. Tests hold it, as they hold the clock. */
  readonly timer?: Timer
}

const storeMethods = ['get', 'write', 'take', 'keys', 'publish', 'subscribe', 'sweep', 'close'] as const

const sealSchema: z.ZodType<KeySeal> = z
  .custom<string | readonly string[] | KeySeal>(
    (value) =>
      isKeySeal(value) ||
      (typeof value === 'string' ? [value] : Array.isArray(value) && value.length > 0 ? value : [undefined]).every(
        (secret) => typeof secret === 'string' && SEAL_SECRET.test(secret),
      ),
    {
      error: 'needs 32 random bytes in base64 ("openssl rand -base64 32"), a list of such, or an object { seal, open }',
    },
  )
  .transform((value) =>
    isKeySeal(value) ? value : sealWith((typeof value === 'string' ? [value] : value) as [string, ...string[]]),
  )

function isKeySeal(value: unknown): value is KeySeal {
  const { seal, open } = (value ?? {}) as Partial<KeySeal>
  return typeof seal === 'function' && typeof open === 'function'
}

const hubSchema = onlyOptions({
  origin: originSchema,
  sites: z.union([z.array(z.unknown()), z.function()], {
    error: 'needs a list of sites, or a function that gives one',
  }),
  store: z.custom<Store>(
    (value) =>
      storeMethods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function'),
    { error: 'needs lmdbStore({ path }) from "@isthmus/server/lmdb", or memoryStore() in tests' },
  ),
  loginPath: z
    .string()
    .regex(/^\/(?![/\\])[\x21-\x7e]*$/, { error: 'needs a path on the auth domain: one "/", then the rest' })
    .default('/login'),
  idleMs: z.int().positive().default(IDLE_LIFETIME_MS),
  absoluteMs: z.int().positive().default(ABSOLUTE_LIFETIME_MS),
  placeOf: z
    .custom<Settings['placeOf']>((value) => typeof value === 'function', { error: 'needs a function of the request' })
    .default(() => networkOf),
  metrics: z.boolean().default(false),
  metricsKey: z
    .string()
    .superRefine((key, context) => {
      const fault = faultOfKey(key)
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .optional(),
  limits: limitsSchema,
  keySeal: sealSchema.optional(),
  pairwiseSecret: z.string().min(32, { error: 'needs 32 random characters or more' }).optional(),
  clock: z
    .custom<Clock>((value) => typeof value === 'function', { error: 'needs a function like Date.now' })
    .default(() => Date.now),
  timer: z
    .custom<Timer>((value) => typeof value === 'function', { error: 'needs a function of milliseconds and a callback' })
    .default(() => startTimer),
})

const sitesSchema: z.ZodType<readonly Site[]> = z.array(siteSchema).superRefine((sites, context) => {
  const seen = new Set<string>()
  for (const [index, { id }] of sites.entries()) {
    if (seen.has(id))
      context.addIssue({
        code: 'custom',
        path: [index, 'id'],
        message: `is "${id}", as that of another site; ids are unique`,
      })
    seen.add(id)
  }
  const below = originsByDomain(sites)
  for (const [index, site] of sites.entries()) {
    for (const [place, domain] of site.cookieDomains.entries()) {
      // A cookie for the domain reaches every host below it, and with it the claims of this site.
      const neighbour = below.get(domain)?.find(({ origin }) => !site.origins.includes(origin))?.site
      if (!neighbour) continue
      const message = `is "${domain}", which also covers the site "${neighbour.id}": that one would receive this site's tokens; write a narrower domain, or make the two one site`
      context.addIssue({ code: 'custom', path: [index, 'cookieDomains', place], message })
    }
  }
})

/** The origins that lie below each domain, the domain itself included. */
function originsByDomain(sites: readonly Site[]): ReadonlyMap<string, readonly { origin: Origin; site: Site }[]> {
  const below = new Map<string, { origin: Origin; site: Site }[]>()
  for (const site of sites) {
    for (const origin of site.origins) {
      for (const domain of domainsOver(origin)) {
        const known = below.get(domain)
        if (known) known.push({ origin, site })
        else below.set(domain, [{ origin, site }])
      }
    }
  }
  return below
}

/** The configuration after parsing; the sites are read apart, because they may change. */
export interface Settings {
  readonly origin: Origin
  readonly store: Store
  readonly loginPath: string
  readonly idleMs: number
  readonly absoluteMs: number
  readonly placeOf: (request: RequestLike) => string | undefined
  readonly metrics: boolean
  readonly metricsKey?: string | undefined
  readonly limits: Required<LimitsConfig>
  readonly keySeal?: KeySeal | undefined
  readonly pairwiseSecret?: string | undefined
  readonly clock: Clock
  readonly timer: Timer
}

/** Parses all but the sites; throws `config-invalid` with a sentence that names the key and the cure. */
export function parseSettings(config: HubConfig): Settings {
  const { sites: _, ...settings } = parse(hubSchema, config, [])
  return settings
}

/** Parses the list of sites; throws `config-invalid` likewise. */
export function parseSites(sites: unknown): readonly Site[] {
  return parse(sitesSchema, sites, ['sites'])
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, path: PropertyKey[]): z.output<Schema> {
  const result = schema.safeParse(value, { error: defaultSentence })
  if (result.success) return result.data
  throw new IsthmusError('config-invalid', `createHub: ${explain(result.error, path)}.`, { cause: result.error })
}
