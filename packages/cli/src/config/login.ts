import type { AssertionKey } from '@isthmus/server/assertion'
import type { OidcProvider } from '@isthmus/server/oidc'
import * as z from 'zod'
import { only, text } from './options.ts'

/** How users sign in, after parsing: secrets are in their places. */
export type LoginSettings =
  | { readonly assertion: { readonly key: AssertionKey } }
  | { readonly oidc: readonly OidcProvider[] }

const providerSchema = only({
  id: text.default('provider'),
  name: text.optional(),
  issuer: text,
  clientId: text,
  clientSecret: text,
  scope: text.optional(),
  claims: z.array(text, { error: 'needs a list of texts' }).optional(),
  groups: text.optional(),
})

const assertionSchema = only({
  assertion: only({
    key: z.union([text, z.looseObject({ kty: text })], { error: 'needs a shared key, or a public key as JWK' }),
  }),
})

const oneSchema = only({ oidc: providerSchema.transform((provider) => [provider]) })
const severalSchema = only({ oidc: z.array(providerSchema).min(1, { error: 'needs at least one provider' }) })

const CURE =
  'needs { assertion: { key } }, for a login page of your own, or { oidc: { issuer, clientId, clientSecret } }'

/** By what stands there, and not whatever fits: so that the key at fault is named. */
function schemaFor(value: unknown): z.ZodType | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if ('oidc' in value) return Array.isArray(value.oidc) ? severalSchema : oneSchema
  return 'assertion' in value ? assertionSchema : undefined
}

export const loginSchema: z.ZodType<LoginSettings> = z.unknown().transform((value, context) => {
  const parsed = schemaFor(value)?.safeParse(value)
  if (parsed?.success) return parsed.data as LoginSettings
  const issues = parsed?.error.issues ?? [{ code: 'custom', message: CURE, path: [], input: value }]
  context.issues.push(...(issues as typeof context.issues))
  return z.NEVER
})
