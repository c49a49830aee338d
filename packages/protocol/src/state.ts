import * as z from 'zod/mini'

const id = z.string().check(z.minLength(1), z.maxLength(128))
const epoch = z.int().check(z.nonnegative())

/** Hybrid clock of the hub: milliseconds since the epoch at the change, raised by one where two changes share a millisecond. */
const revision = z.int().check(z.nonnegative())

/** The user as one site may see it: the subject, and the claims that this site was granted. */
const user = z.looseObject({ sub: z.string().check(z.minLength(1), z.maxLength(255)) })

const signedIn = {
  status: z.literal('signed-in'),
  /** Public id of the session; never a secret. */
  sid: id,
  expiresAt: epoch,
  idleExpiresAt: epoch,
  revision,
}

/** A site token in compact form (RFC 7515 §7.1): for exactly this site, and only where its page asked for one. */
const token = z.string().check(z.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/u))

const granted = z.object({ ...signedIn, access: z.literal('granted'), user, token: z.exactOptional(token) })

/** The site's groups do not admit the user: the subject, and nothing else. */
const denied = z.object({ ...signedIn, access: z.literal('denied'), user: z.object({ sub: user.shape.sub }) })

const signedOut = z.object({
  status: z.literal('signed-out'),
  reason: z.enum(['none', 'logout', 'expired', 'idle', 'revoked']),
  revision,
})

/** This partition of the browser holds no live carrier, so the hub cannot tell; a link would. */
const unlinked = z.object({ status: z.literal('unlinked'), revision })

/** What the hub says of the session to one site. */
export const siteStateSchema = z.union([granted, denied, signedOut, unlinked])
export type SiteState = z.infer<typeof siteStateSchema>

/** How the frame's requests carry the session: not at all, by the hub's own cookie, by the partition's, or by the partition's key. */
export const carrierSchema = z.enum(['none', 'cookie', 'partitioned', 'key'])
export type Carrier = z.infer<typeof carrierSchema>

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u

/** A short name in lower case: it fits into cookie names, headers and URLs as it is. */
export const slugSchema = z.string().check(z.regex(SLUG))
export const siteIdSchema = z.string().check(z.regex(SLUG))

/** An answer of the hub: for which site, by which carrier, and the state. Inlined in the page, sent as JSON and as SSE event. */
export const siteAnswerSchema = z.object({
  site: siteIdSchema,
  carrier: carrierSchema,
  state: siteStateSchema,
  /** The Domain attribute for a cookie with the token, if the site's `cookieDomains` cover the host that asks; else: host-only. */
  cookieDomain: z.exactOptional(z.string().check(z.regex(/^[a-z\d-]+(?:\.[a-z\d-]+)+$/u))),
})
export type SiteAnswer = z.infer<typeof siteAnswerSchema>

/**
 * The claims of a site token. The session's groups that the site names, and the granted claims stand beside them;
 * none of those can take the place of one of these.
 */
export const siteTokenSchema = z.looseObject({
  /** Origin of the hub. */
  iss: z.string(),
  /** Site id. */
  aud: siteIdSchema,
  sub: user.shape.sub,
  sid: id,
  /** Seconds since the epoch, as RFC 7519 has it. */
  iat: epoch,
  exp: epoch,
})
export type SiteToken = z.infer<typeof siteTokenSchema>
