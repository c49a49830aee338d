import { DPOP_NONCE_LIFETIME_MS, type Origin } from '@isthmus/protocol'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../session/secrets.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { createDpopVerifier, type DpopVerifier } from './dpop.ts'

const origin = 'https://auth.example' as Origin
const handle = 'h'.repeat(43)

let now: number
let store: Store
let dpop: DpopVerifier
let keys: Awaited<ReturnType<typeof generateKeyPair>>

beforeEach(async () => {
  now = 1_800_000_000_000
  store = memoryStore({ clock: () => now })
  dpop = createDpopVerifier(origin, store, () => now)
  keys = await generateKeyPair('ES256')
})

interface Forgery {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly signWith?: Parameters<SignJWT['sign']>[0]
}

async function prove({ claims = {}, header = {}, signWith = keys.privateKey }: Forgery = {}): Promise<string> {
  const payload = {
    jti: crypto.randomUUID(),
    iat: Math.floor(now / 1000),
    htm: 'GET',
    htu: `${origin}/isthmus/session`,
    ath: sha256(handle),
    nonce: await dpop.nonce(),
    ...claims,
  }
  const jwk = await exportJWK(keys.publicKey)
  return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(signWith)
}

function verify(proof: string | undefined, bound: string | null = handle): Promise<string> {
  const headers: Record<string, string> = proof === undefined ? {} : { dpop: proof }
  if (bound !== null) headers.authorization = `DPoP ${bound}`
  return dpop.verify(new Request(`${origin}/isthmus/session?x=1`, { headers }))
}

const refused = { code: 'proof-refused' }

describe('a proof of possession', () => {
  it('gives the thumbprint of its key', async () => {
    expect(await verify(await prove())).toBe(await calculateJwkThumbprint(await exportJWK(keys.publicKey)))
  })

  it('may introduce a key, without a handle', async () => {
    await expect(verify(await prove({ claims: { ath: undefined } }), null)).resolves.toBeTypeOf('string')
  })

  it('is good whatever the clock of the browser says', async () => {
    for (const iat of [0, 4_000_000_000])
      await expect(verify(await prove({ claims: { iat } }))).resolves.toBeTypeOf('string')
  })

  it('is good with a nonce of another server on the same store', async () => {
    const other = createDpopVerifier(origin, store, () => now)
    await expect(verify(await prove({ claims: { nonce: await other.nonce() } }))).resolves.toBeTypeOf('string')
  })

  it('is good once: of a hundred replays at once none goes through', async () => {
    const proof = await prove()
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => verify(proof)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(verify(proof)).rejects.toMatchObject(refused)
  })

  it('is refused as soon as its nonce is old', async () => {
    const proof = await prove()
    now += DPOP_NONCE_LIFETIME_MS
    await expect(verify(proof)).rejects.toMatchObject(refused)
  })

  it('is refused without the header', async () => {
    await expect(verify(undefined)).rejects.toMatchObject(refused)
  })

  it.each<[string, Forgery]>([
    ['another method', { claims: { htm: 'POST' } }],
    ['another path', { claims: { htu: `${origin}/isthmus/touch` } }],
    ['another origin', { claims: { htu: 'https://evil.example/isthmus/session' } }],
    ['another handle', { claims: { ath: sha256('other') } }],
    ['no handle', { claims: { ath: undefined } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['a nonce of its own', { claims: { nonce: `${(1_800_000_000_000).toString(36)}.AAAA` } }],
    ['a nonce that is no text', { claims: { nonce: { $gt: '' } } }],
    ['no jti', { claims: { jti: undefined } }],
    ['no iat', { claims: { iat: undefined } }],
    ['another type', { header: { typ: 'JWT' } }],
    ['a symmetric algorithm', { header: { alg: 'HS256' }, signWith: new TextEncoder().encode('k'.repeat(32)) }],
  ])('is refused with %s', async (_, forgery) => {
    await expect(verify(await prove(forgery))).rejects.toMatchObject(refused)
  })

  it('is refused when another key signed it', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    await expect(verify(await prove({ signWith: privateKey }))).rejects.toMatchObject(refused)
  })

  it('is refused without a signature', async () => {
    const [header = '', payload] = (await prove()).split('.')
    const none = btoa(JSON.stringify({ ...JSON.parse(atob(header)), alg: 'none' })).replace(/=/g, '')
    await expect(verify(`${none}.${payload}.`)).rejects.toMatchObject(refused)
    await expect(verify('garbage')).rejects.toMatchObject(refused)
    await expect(verify('x'.repeat(100_000))).rejects.toMatchObject(refused)
  })
})
