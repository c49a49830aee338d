import * as z from 'zod/mini'
import { PROTOCOL_VERSION, RETURN_TO_LIMIT } from './constants.ts'
import type { ErrorCode } from './errors.ts'
import { siteAnswerSchema, siteIdSchema, slugSchema } from './state.ts'

const isthmus = z.literal(PROTOCOL_VERSION)
/** Ties an answer to its question; counted up by the client. */
const id = z.int().check(z.nonnegative())

/** Codes are added within a version: a message with one that its reader does not know yet must still be read. */
export const errorCodeSchema = slugSchema as unknown as z.ZodMiniType<ErrorCode>

/** base64url of 256 bits: tickets, verifiers, challenges (RFC 7636 §4). */
export const secretSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/u))

/** Short name of a registered visit: 130 bits in lower-case base32 (RFC 4648 §6), which no filter between takes for anything else. */
export const visitIdSchema = z.string().check(z.regex(/^[a-z2-7]{26}$/u))

const visitFields = {
  to: z.enum(['link', 'login']),
  /** Absolute URL without fragment. */
  returnTo: z.string().check(z.minLength(1), z.maxLength(RETURN_TO_LIMIT)),
  /** S256 of the client's verifier (RFC 7636 §4.2). */
  challenge: secretSchema,
  /** Ask for the password even if there is a session (OIDC Core §3.1.2.1). */
  prompt: z.exactOptional(z.literal('login')),
}
/** Body of `POST /visits`. */
export const visitSchema = z.object(visitFields)
export type Visit = z.infer<typeof visitSchema>

export const helloSchema = z.object({ isthmus, type: z.literal('hello'), site: z.exactOptional(siteIdSchema) })
const ask = z.object({ isthmus, type: z.literal('ask'), id })
const redeem = z.object({ isthmus, type: z.literal('redeem'), id, ticket: secretSchema, verifier: secretSchema })
const touch = z.object({ isthmus, type: z.literal('touch'), id })
const signOut = z.object({ isthmus, type: z.literal('sign-out'), id })
const visit = z.object({ isthmus, type: z.literal('visit'), id, ...visitFields })

export const welcomeSchema = z.object({
  isthmus,
  type: z.literal('welcome'),
  answer: siteAnswerSchema,
  /** Origins of the other registered sites, separated by spaces: sessions are carried there and nowhere else. */
  peers: z.string(),
  /** How far the hub's clock is ahead of this browser's, in milliseconds. */
  aheadMs: z.int(),
})
const answer = z.object({ isthmus, type: z.literal('answer'), id, answer: siteAnswerSchema })
const visitRegistered = z.object({ isthmus, type: z.literal('visit-registered'), id, visit: visitIdSchema })
const refusal = z.object({ isthmus, type: z.literal('refusal'), id, code: errorCodeSchema })
const push = z.object({ isthmus, type: z.literal('push'), answer: siteAnswerSchema })
const stream = z.object({ isthmus, type: z.literal('stream'), status: z.enum(['idle', 'connecting', 'open', 'down']) })
const bounce = z.object({ isthmus, type: z.literal('bounce') })

/** Client → hub, over the port; `hello` alone is a window message, with the hub as `targetOrigin`. */
export const clientToHubSchema = z.discriminatedUnion('type', [ask, redeem, touch, signOut, visit])
/** Hub → client, over the port; `welcome` brings the port, as a window message with the site's exact origin as `targetOrigin`, or answers a hello over its port. */
export const hubToClientSchema = z.discriminatedUnion('type', [answer, visitRegistered, refusal, push, stream, bounce])
/** Client → the site's other tabs, over a BroadcastChannel on the site's own origin. */
export const tabToTabSchema = z.object({ isthmus, type: z.literal('news'), answer: siteAnswerSchema })

/** Every message that crosses a window, a port or a channel. */
export const messageSchema = z.discriminatedUnion('type', [
  helloSchema,
  ask,
  redeem,
  touch,
  signOut,
  visit,
  welcomeSchema,
  answer,
  visitRegistered,
  refusal,
  push,
  stream,
  bounce,
  tabToTabSchema,
])

export type Message = z.infer<typeof messageSchema>
export type Hello = z.infer<typeof helloSchema>
export type Welcome = z.infer<typeof welcomeSchema>
export type ClientToHub = z.infer<typeof clientToHubSchema>
export type HubToClient = z.infer<typeof hubToClientSchema>
export type TabToTab = z.infer<typeof tabToTabSchema>
export type StreamStatus = z.infer<typeof stream>['status']
