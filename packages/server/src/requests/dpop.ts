import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { DPOP_NONCE_LIFETIME_MS, IsthmusError, type Origin } from '@isthmus/protocol'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose'
import { sha256 } from '../session/secrets.ts'
import type { Clock, Store } from '../store/store.ts'
import { headerOf, type RequestLike } from './request-like.ts'

/** Checks proofs of possession (RFC 9449), by nonces of the hub: no clock of a browser is trusted. */
export interface DpopVerifier {
  /**
   * Thumbprint (RFC 7638) of the key that signed the request's proof; throws `proof-refused`. A proof covers the handle
   * that the request carries; without one the key only introduces itself. Asked twice of one request, it says the same.
   */
  verify(request: Request): Promise<string>
  /** A nonce for the next proof. */
  nonce(): Promise<string>
}

const NONCE_KEY = 'hub/nonce-key'

/** The handle of a request, that its proof must cover: `Authorization: DPoP <handle>` (RFC 9449 §7.1). */
export function handleOf(request: RequestLike): string | undefined {
  return /^DPoP ([\w-]+)$/.exec(headerOf(request, 'authorization') ?? '')?.[1]
}

export function createDpopVerifier(origin: Origin, store: Store, clock: Clock): DpopVerifier {
  let secret: Promise<Buffer> | undefined

  /** One key for all servers that share the store; whoever is first makes it. */
  async function readSecret(): Promise<Buffer> {
    const made = randomBytes(32).toString('base64url')
    const expiresAt = Number.MAX_SAFE_INTEGER
    await store.write([{ put: NONCE_KEY, value: JSON.stringify(made), expiresAt, ifVersion: null }])
    const stored = await store.get(NONCE_KEY)
    return Buffer.from(JSON.parse(stored?.value ?? '""') as string, 'base64url')
  }

  async function nonceAt(time: string): Promise<string> {
    secret ??= readSecret().catch((error: unknown) => {
      // A store that fails for a moment is asked again.
      secret = undefined
      throw error
    })
    return `${time}.${createHmac('sha256', await secret)
      .update(time)
      .digest('base64url')}`
  }

  async function isFresh(nonce: unknown): Promise<boolean> {
    if (typeof nonce !== 'string') return false
    const [time = ''] = nonce.split('.', 1)
    const expected = Buffer.from(await nonceAt(time))
    const given = Buffer.from(nonce)
    const ageMs = clock() - Number.parseInt(time, 36)
    return given.length === expected.length && timingSafeEqual(given, expected) && ageMs < DPOP_NONCE_LIFETIME_MS
  }

  const verdicts = new WeakMap<Request, Promise<string>>()

  return {
    nonce: () => nonceAt(clock().toString(36)),

    verify(request) {
      const verdict = verdicts.get(request) ?? judge(request)
      verdicts.set(request, verdict)
      return verdict
    },
  }

  async function judge(request: Request): Promise<string> {
    const handle = handleOf(request)
    const proof = request.headers.get('dpop') ?? ''
    // Steps 1 to 12 of RFC 9449 §4.3, in its order where it matters.
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['jti', 'iat', 'htm', 'htu'],
      // The nonce bounds the life of a proof; the browser's clock may be wrong.
      clockTolerance: Number.MAX_SAFE_INTEGER,
    }).catch((cause: unknown) => {
      throw new IsthmusError('proof-refused', undefined, { cause })
    })
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk as JWK)
    const fits =
      payload.htm === request.method &&
      payload.htu === origin + new URL(request.url).pathname &&
      (await isFresh(payload.nonce)) &&
      (handle === undefined || payload.ath === sha256(handle))
    if (!fits) throw new IsthmusError('proof-refused')
    // A proof is good once: of any number of replays at once exactly one goes through.
    const first = await store.write([
      {
        put: `proof/${sha256(`${thumbprint}.${payload.jti}`)}`,
        value: '""',
        expiresAt: clock() + DPOP_NONCE_LIFETIME_MS,
        ifVersion: null,
      },
    ])
    if (!first) throw new IsthmusError('proof-refused', 'The proof was used already.')
    return thumbprint
  }
}
