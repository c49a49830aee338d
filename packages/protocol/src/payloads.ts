import * as z from 'zod/mini'
import { RETURN_TO_LIMIT } from './constants.ts'
import { errorCodeSchema, secretSchema, visitIdSchema } from './messages.ts'
import { siteAnswerSchema, siteIdSchema } from './state.ts'

/** Body of `POST /redeem`. */
export const redeemSchema = z.object({ ticket: secretSchema, verifier: secretSchema })
export type RedeemInput = z.infer<typeof redeemSchema>

/** Answer of `POST /redeem` and `POST /link`. */
export const redeemedSchema = z.extend(siteAnswerSchema, {
  /** What the key of the request's proof is bound to, for browsers where the cookie does not stick. */
  handle: z.exactOptional(secretSchema),
})
export type Redeemed = z.infer<typeof redeemedSchema>

/** Answer of `POST /visits`. */
export const registeredVisitSchema = z.object({ visit: visitIdSchema })
export type RegisteredVisit = z.infer<typeof registeredVisitSchema>

/** Query of `GET /link`, `GET /login` and `GET /logout`: where to go back to, and for whom. */
export const bounceSchema = z.object({
  site: z.exactOptional(siteIdSchema),
  return_to: z.string().check(z.minLength(1), z.maxLength(RETURN_TO_LIMIT)),
  /** S256 of the client's verifier (RFC 7636 §4.2). Without it the user comes back without a ticket. */
  challenge: z.exactOptional(secretSchema),
  /** `none`: never show anything. `login`: ask for the password even if there is a session (OIDC Core §3.1.2.1). */
  prompt: z.exactOptional(z.enum(['none', 'login'])),
})
export type Bounce = z.infer<typeof bounceSchema>

/** What the hub page finds inlined. */
export const hubPageDataSchema = z.object({
  /** The page the frame may talk to; absent without a Referer. */
  origin: z.exactOptional(z.string()),
  answer: z.exactOptional(siteAnswerSchema),
  /** Origins of the other registered sites, separated by spaces. */
  peers: z.string(),
  /** The hub's clock, in milliseconds since the epoch. */
  now: z.int(),
  /** For the first proof of possession (RFC 9449 §8). */
  nonce: z.string(),
  /** What the button says, where the site shows one. */
  button: z.exactOptional(z.string()),
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

/** `GET /healthz`, `/livez` and `/readyz`. */
export const healthSchema = z.object({ status: z.enum(['ok', 'failing', 'draining']) })
export type Health = z.infer<typeof healthSchema>

/** Body of every answer that is an error. */
export const problemSchema = z.object({
  error: errorCodeSchema,
  message: z.string(),
})
export type Problem = z.infer<typeof problemSchema>
