import type { AssertionKey } from '@isthmus/server/assertion'
import type { OidcProvider } from '@isthmus/server/oidc'
import * as z from 'zod'

/** How users sign in, after parsing: secrets are in their places. */
export type LoginSettings =
  | { readonly assertion: { readonly key: AssertionKey } }
  | { readonly oidc: readonly OidcProvider[] }

const text = z.string({ error: 'needs a text' }).min(1)

const providerSchema = z.strictObject({
  id: text,
  name: text.optional(),
  issuer: text,
  clientId: text,
  clientSecret: text,
  scope: text.optional(),
  claims: z.array(text).optional(),
  groups: text.optional(),
})

const CURE =
  'needs { assertion: { key } }, for a login page of your own, or { oidc: [{ id, issuer, clientId, clientSecret }] }'

export const loginSchema: z.ZodType<LoginSettings> = z.union(
  [
    z.strictObject({ assertion: z.strictObject({ key: z.union([text, z.looseObject({ kty: text })]) }) }),
    z.strictObject({ oidc: z.array(providerSchema).min(1) }),
  ],
  { error: CURE },
) as unknown as z.ZodType<LoginSettings>
