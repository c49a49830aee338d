import { LOGOUT_EVENT } from '@isthmus/protocol'
import * as z from 'zod/mini'
import { openToken, type Trust } from './open-token.ts'
import { refusal } from './refuse.ts'

/** Which session ended, by a logout token: one session, or all of a user's where `sid` is absent. */
export interface LogoutNotice {
  readonly sid?: string
  readonly sub?: string
  /** Unique to this token. */
  readonly jti: string
  /** Milliseconds since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
}

const name = z.exactOptional(z.string().check(z.minLength(1), z.maxLength(255)))

const logoutTokenSchema = z.looseObject({
  iat: z.int().check(z.nonnegative()),
  exp: z.int().check(z.nonnegative()),
  jti: z.string().check(z.minLength(1), z.maxLength(255)),
  sid: name,
  sub: name,
})

const eventsSchema = z.looseObject({ [LOGOUT_EVENT]: z.looseObject({}) })

/**
 * Checks a logout token as OpenID Connect Back-Channel Logout 1.0 §2.6 asks, replay excepted: type, signature, issuer,
 * audience, times, the event, a session or a user, and no nonce, which would make it an ID token.
 * Throws {@link IsthmusError} with the code of the first fault.
 */
export async function openLogoutToken(token: unknown, trust: Trust): Promise<LogoutNotice> {
  const { payload } = await openToken(token, 'logout+jwt', trust)
  if (Object.hasOwn(payload, 'nonce')) throw refusal('logout-with-nonce')
  if (!eventsSchema.safeParse(payload.events).success) throw refusal('logout-without-event')
  const parsed = logoutTokenSchema.safeParse(payload)
  if (!parsed.success) throw refusal('token-malformed', undefined, parsed.error)
  const { sid, sub, jti, iat, exp } = parsed.data
  if (sid === undefined && sub === undefined) throw refusal('logout-without-subject')
  return {
    ...(sid !== undefined && { sid }),
    ...(sub !== undefined && { sub }),
    jti,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
  }
}
