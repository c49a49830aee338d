import { ISSUED_AT_HEADER, siteTokenSchema, TOKEN_LIFETIME_MS } from '@isthmus/protocol'
import * as z from 'zod/mini'
import { openToken, type Trust } from './open-token.ts'
import { refusal } from './refuse.ts'
import type { SignedIn } from './verdict.ts'

const schema = z.extend(siteTokenSchema, { groups: z._default(z.array(z.string()), []) })

/** What a token says, and when it was issued. */
export interface Believed {
  readonly session: SignedIn
  /** Milliseconds since the epoch. */
  readonly issuedAt: number
}

/** Checks a site token; throws {@link IsthmusError} with the code of the first fault. */
export async function openSiteToken(token: unknown, trust: Trust): Promise<Believed> {
  const { payload, header } = await openToken(token, 'JWT', trust)
  const parsed = schema.safeParse(payload)
  if (!parsed.success) throw refusal('token-malformed', undefined, parsed.error)
  const { iss: _, aud: __, iat, exp, sid, groups, ...user } = parsed.data
  // A revocation is remembered for one token's life. A token that lives longer would come back from the dead.
  if ((exp - iat) * 1000 > TOKEN_LIFETIME_MS) {
    throw refusal('token-malformed', 'The token lives longer than a site token may.')
  }
  const session: SignedIn = { status: 'signed-in', sid, user, groups, expiresAt: exp * 1000 }
  return { session: freeze(session), issuedAt: preciseTime(iat, header[ISSUED_AT_HEADER]) }
}

/** `iat` counts seconds; the header has the milliseconds, so that a sign-in right after a revocation is told from one before. */
function preciseTime(iat: number, milliseconds: unknown): number {
  const isPrecise = Number.isInteger(milliseconds) && Math.floor((milliseconds as number) / 1000) === iat
  return isPrecise ? (milliseconds as number) : iat * 1000
}

/** Verdicts are kept and given to many requests: none of them may write into another's user. */
function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part)
    Object.freeze(value)
  }
  return value
}
