import { isTrustworthyOrigin, type Origin, originOf, parseOrigin, siteIdSchema } from '@isthmus/protocol'
import * as z from 'zod'
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

/** A site after its configuration was parsed. */
export interface Site {
  readonly id: string
  readonly name?: string | undefined
  readonly origins: readonly Origin[]
  readonly claims: readonly string[]
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
}).readonly()

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
}
