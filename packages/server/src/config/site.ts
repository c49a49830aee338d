import { isTrustworthyOrigin, type Origin, originOf, parseOrigin, siteIdSchema } from '@isthmus/protocol'
import * as z from 'zod'

/** An exact origin that keeps Secure cookies. The issue says what is wrong and what to write instead. */
export const originSchema: z.ZodType<Origin, string> = z.string().transform((text, context) => {
  const origin = parseOrigin(text)
  if (origin && isTrustworthyOrigin(origin)) return origin
  const near = originOf(text)
  const cure =
    near && !isTrustworthyOrigin(near)
      ? 'browsers keep no Secure cookie there; use https (http is for localhost and *.localhost)'
      : near
        ? `write the bare origin: "${near}"`
        : 'write scheme and host, and the port if it is not the default: "https://shop.example"'
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not an exact origin: ${cure}`, input: text })
  return z.NEVER
})

const groupsSchema = z
  .strictObject({
    anyOf: z.array(z.string().min(1)).min(1).optional(),
    allOf: z.array(z.string().min(1)).min(1).optional(),
  })
  .readonly()

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

export const siteSchema: z.ZodType<Site> = z
  .strictObject({
    id: z.string().refine((id) => siteIdSchema.safeParse(id).success, {
      error: 'a site id is 1 to 63 of a-z, 0-9 and "-", because it becomes part of a cookie name',
    }),
    name: z.string().min(1).optional(),
    origins: z.array(originSchema).min(1, { error: 'a site needs at least one origin' }).readonly(),
    claims: z
      .array(
        z
          .string()
          .min(1)
          .refine((name) => name !== 'sub', { error: '"sub" is always there; list the other claims' }),
      )
      .readonly()
      .default([]),
    groups: groupsSchema.optional(),
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
}
