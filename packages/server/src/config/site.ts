import { isTrustworthyOrigin, type Origin, originOf, parseOrigin, siteIdSchema } from '@isthmus/protocol'
import * as z from 'zod'
import { cookieDomainSchema, covers } from './cookie-domain.ts'
import { onlyOptions } from './explain.ts'

const EXAMPLE = '"https://www.example.com"'

/** URL() lets more through than names have: in a CSP "*" would be a wildcard, and ";" the next directive. */
const PLAIN_HOST = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d+)?$/

/** An exact origin that keeps Secure cookies. The issue says what is wrong and what to write instead. */
export const originSchema: z.ZodType<Origin, string> = z
  .string({ error: `needs an exact origin: ${EXAMPLE}` })
  .transform((text, context) => {
    const origin = parseOrigin(text)
    if (origin && PLAIN_HOST.test(origin) && isTrustworthyOrigin(origin)) return origin
    context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; ${cureOf(text)}`, input: text })
    return z.NEVER
  })

function cureOf(text: string): string {
  const near = originOf(text)
  if (text.includes('*')) return 'a wildcard stands for nothing here: list every origin by itself'
  if (!near || !PLAIN_HOST.test(near)) {
    return `write scheme and host, and the port if it is not the default: ${EXAMPLE}`
  }
  return isTrustworthyOrigin(near)
    ? `write the bare origin: "${near}"`
    : 'browsers keep no Secure cookie there: use https (http is for localhost and *.localhost)'
}

const groupsSchema = onlyOptions({
  anyOf: z.array(z.string().min(1)).min(1).optional(),
  allOf: z.array(z.string().min(1)).min(1).optional(),
}).readonly()

/** Where logout tokens are posted. They name a user and a session: they travel encrypted, or not beyond this machine. */
const backchannelUriSchema = z.string().transform((text, context) => {
  const origin = originOf(text)
  const isPlain = origin !== undefined && PLAIN_HOST.test(origin) && !text.includes('#')
  if (isPlain && isTrustworthyOrigin(origin)) return new URL(text).href
  const cure = isPlain
    ? 'use https (http is for loopback hosts)'
    : 'write an absolute URL without user info or fragment: "https://www.example.com/backchannel-logout"'
  context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; ${cure}`, input: text })
  return z.NEVER
})

/** `/account` covers `/account` and all that lies below it. */
const returnPathSchema = z.string().regex(/^\/[\x21-\x7e]*$/, {
  error: 'needs a path as browsers write it, without query: "/account"',
})

/** Whether visits may lead back to this address. An encoded slash is refused: servers disagree on what it separates. */
export function mayReturnTo({ origins, returnPaths }: Site, address: string): boolean {
  const { origin, pathname } = new URL(address)
  if (!origins.some((one) => one === origin)) return false
  if (returnPaths === undefined) return true
  const liesBelow = (path: string): boolean =>
    pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
  return !/%2f|%5c/i.test(pathname) && returnPaths.some(liesBelow)
}

/** A site after its configuration was parsed. */
export interface Site {
  readonly id: string
  readonly name?: string | undefined
  readonly origins: readonly Origin[]
  readonly claims: readonly string[]
  /** Without the leading dot. */
  readonly cookieDomains: readonly string[]
  readonly backchannelLogoutUri?: string | undefined
  readonly returnPaths?: readonly string[] | undefined
  readonly subject?: 'public' | 'pairwise' | undefined
  readonly groups?:
    | { readonly anyOf?: readonly string[] | undefined; readonly allOf?: readonly string[] | undefined }
    | undefined
}

export const siteSchema: z.ZodType<Site> = onlyOptions({
  id: z.string().refine((id) => siteIdSchema.safeParse(id).success, {
    error: ({ input }) =>
      `is ${JSON.stringify(input)}; a site id is 1 to 63 of a-z, 0-9 and inner "-", because it becomes part of a cookie name`,
  }),
  name: z.string().min(1).optional(),
  origins: z.array(originSchema).min(1).readonly(),
  claims: z
    .array(
      z
        .string()
        .min(1)
        .refine((name) => name !== 'sub', { error: 'is "sub", which every site sees; list the other claims' }),
    )
    .readonly()
    .default([]),
  groups: groupsSchema.optional(),
  cookieDomains: z.array(cookieDomainSchema).readonly().default([]),
  backchannelLogoutUri: backchannelUriSchema.optional(),
  returnPaths: z.array(returnPathSchema).min(1).readonly().optional(),
  subject: z.enum(['public', 'pairwise'], { error: 'needs "public" or "pairwise"' }).optional(),
})
  .superRefine(({ origins, cookieDomains }, context) => {
    for (const [index, domain] of cookieDomains.entries()) {
      if (origins.some((origin) => covers(domain, origin))) continue
      const message = `is "${domain}", which covers none of the site's origins; write a domain that they lie below, or leave it out`
      context.addIssue({ code: 'custom', path: ['cookieDomains', index], message })
    }
  })
  .readonly()

/** One registered relying party. */
export interface SiteConfig {
  /** Short name in URLs, cookie names and tokens: a-z, 0-9 and `-`. */
  readonly id: string
  /** What people call it; default: the id. */
  readonly name?: string
  /** Exact origins whose pages may ask: `https://shop.example`, no path, no wildcard. */
  readonly origins: readonly string[]
  /** Names of the claims this site may see, besides `sub`; default none. */
  readonly claims?: readonly string[]
  /** Which users the site admits, by their groups; default everybody. */
  readonly groups?: { readonly anyOf?: readonly string[]; readonly allOf?: readonly string[] }
  /**
   * Domains for the cookie that `mirror: 'cookie'` writes: `['.shop.example']`. A page whose host one of them covers
   * writes it for that domain, so that all hosts below share it; every other page writes a host-only cookie. Default none.
   */
  readonly cookieDomains?: readonly string[]
  /**
   * Where the site's back end takes logout tokens (OIDC Back-Channel Logout 1.0): https, or http on a loopback host.
   * It is told when a session that was used on the site ends, for whatever reason. Default: it is not.
   */
  readonly backchannelLogoutUri?: string
  /**
   * Paths that the hub may send users back to, each with all that lies below it: `['/account', '/shop']`. Worth setting
   * where another path of the site redirects to addresses of anybody's choice: it would pass a ticket on. Default: all.
   */
  readonly returnPaths?: readonly string[]
  /**
   * `'pairwise'`: the site knows each user by a `sub` that no other site has for the same user (OIDC Core §8.1), so that
   * sites cannot put together what they know. Needs {@link HubConfig.pairwiseSecret}. To change it gives the site's users
   * new names. Default `'public'`: your own id of the user.
   */
  readonly subject?: 'public' | 'pairwise'
}
