import { type ErrorCode, IsthmusError, TOKEN_LIMIT } from '@isthmus/protocol'
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose'
import { refusal } from './refuse.ts'

/** How far the clocks of hub and site may be apart before a fresh token counts as one from the future. */
export const CLOCK_SKEW_MS = 30_000

/** Whose tokens are taken, and for whom they must be. */
export interface Trust {
  readonly issuer: string
  readonly audience: string
  readonly keys: JWTVerifyGetKey
  readonly clock: () => number
}

/** Which claim is wrong, where jose says only that one is. */
const CODE_OF_CLAIM: Readonly<Record<string, ErrorCode>> = {
  typ: 'token-wrong-type',
  iss: 'token-wrong-issuer',
  aud: 'token-wrong-audience',
  nbf: 'token-not-yet-valid',
}

/** A token after its signature was checked. */
export interface Opened {
  readonly payload: JWTPayload
  readonly header: JWTVerifyResult['protectedHeader']
}

/**
 * What all tokens of a hub have in common: compact JWS, ES256, a published key, a `typ` that says what it is for,
 * issuer, audience, and times. Nothing of a token is believed, nor told, before its signature is checked.
 */
export async function openToken(
  token: unknown,
  typ: 'JWT' | 'logout+jwt',
  { issuer, audience, keys, clock }: Trust,
): Promise<Opened> {
  if (typeof token !== 'string') throw refusal('token-malformed')
  if (token.length > TOKEN_LIMIT) throw refusal('token-too-long')
  const now = clock()
  const { payload, protectedHeader: header } = await jwtVerify(token, keys, {
    algorithms: ['ES256'],
    typ,
    issuer,
    audience,
    currentDate: new Date(now),
    requiredClaims: ['iat', 'exp'],
  }).catch((error: unknown) => {
    throw translate(error)
  })
  if ((payload.iat ?? Number.POSITIVE_INFINITY) * 1000 > now + CLOCK_SKEW_MS) throw refusal('token-not-yet-valid')
  return { payload, header }
}

function translate(error: unknown): unknown {
  if (error instanceof IsthmusError || !(error instanceof errors.JOSEError)) return error
  if (error instanceof errors.JOSEAlgNotAllowed) return refusal('token-wrong-algorithm')
  if (error instanceof errors.JWSSignatureVerificationFailed) return refusal('token-bad-signature')
  if (error instanceof errors.JWTExpired) return refusal('token-expired')
  const code = error instanceof errors.JWTClaimValidationFailed ? CODE_OF_CLAIM[error.claim] : undefined
  return code ? refusal(code) : refusal('token-malformed', undefined, error)
}
