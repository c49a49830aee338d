import { ISSUED_AT_HEADER, LOGOUT_EVENT } from '@isthmus/protocol'
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose'

/** A key of the hub that is played, or of an attacker. */
interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** What differs from a good token; `undefined` takes a claim or a header away. */
interface Change {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: Key
}

/** Makes a token of one kind. */
type Make = (change?: Change) => Promise<string>

/** Makes tokens as a hub issues them, and as nobody should believe them. */
export interface Mint {
  readonly published: JWK
  readonly site: Make
  readonly logout: Make
  /** Makes a bad token of either kind, by what is wrong with it. */
  readonly faults: Readonly<Record<string, (make: Make) => Promise<string>>>
}

const seconds = (): number => Math.floor(Date.now() / 1000)
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString())

export async function createMint(issuer: string, audience: string): Promise<Mint> {
  const key = await createKey('published')
  const [sameName, otherName] = [await createKey('published'), await createKey('forged')]

  async function sign(
    typ: string,
    payload: JWTPayload,
    { claims, header, key: signer = key }: Change,
  ): Promise<string> {
    const merged = { iss: issuer, aud: audience, sub: 'customer', sid: 's1', iat: seconds(), ...payload, ...claims }
    const head = { alg: 'ES256', kid: signer.kid, typ, ...header }
    return new SignJWT(merged).setProtectedHeader(head).sign(signer.privateKey)
  }

  const mint: Mint = {
    published: key.jwk,
    site: (change = {}) =>
      sign(
        'JWT',
        { exp: seconds() + 300, groups: [] },
        {
          ...change,
          header: { [ISSUED_AT_HEADER]: Date.now(), ...change.header },
        },
      ),
    logout: (change = {}) =>
      sign('logout+jwt', { exp: seconds() + 120, jti: crypto.randomUUID(), events: { [LOGOUT_EVENT]: {} } }, change),

    faults: {
      'longer than any token': async (make) => `${await make()}${'A'.repeat(9000)}`,
      'no token at all': async () => 'x',
      'two parts': async (make) => (await make()).split('.').slice(0, 2).join('.'),
      'a header that is no JSON': async (make) => (await make()).replace(/^[^.]+/, 'e30x'),
      'a critical header that is not understood': async (make) => withHeader(await make(), { crit: ['x'], x: 1 }),
      'no expiry': (make) => make({ claims: { exp: undefined } }),
      'an expiry that is a text': (make) => make({ claims: { exp: '9999999999' } }),
      'no time of issue': (make) => make({ claims: { iat: undefined } }),
      'alg: none': async (make) => withHeader(await make(), { alg: 'none' }).replace(/[^.]+$/, ''),
      'HS256 with the public key as its secret': async (make) => {
        const [header, claims] = (await make()).split('.')
        const pem = await exportSPKI((await importJWK(key.jwk, 'ES256')) as CryptoKey)
        return new SignJWT(decode(claims))
          .setProtectedHeader({ ...decode(header), alg: 'HS256' })
          .sign(new TextEncoder().encode(pem))
      },
      'a key that is not published': (make) => make({ key: otherName }),
      'a key that is not published, sent along': (make) => make({ key: otherName, header: { jwk: otherName.jwk } }),
      'another key under a published name': (make) => make({ key: sameName }),
      'a signature that was cut': async (make) => (await make()).slice(0, -8),
      'a signature of zeros': async (make) => (await make()).replace(/[^.]+$/, 'A'.repeat(86)),
      'claims that were changed': async (make) => {
        const [header, claims, signature] = (await make()).split('.')
        return `${header}.${encode({ ...decode(claims), sub: 'eve' })}.${signature}`
      },
      'another type': (make) => make({ header: { typ: 'at+jwt' } }),
      'no type': (make) => make({ header: { typ: undefined } }),
      'another hub': (make) => make({ claims: { iss: 'https://evil.example' } }),
      'another site': (make) => make({ claims: { aud: 'another-site' } }),
      'a list of other sites': (make) => make({ claims: { aud: ['another-site', 'third'] } }),
      'run out': (make) => make({ claims: { iat: seconds() - 300, exp: seconds() - 1 } }),
      'from the future': (make) => make({ claims: { iat: seconds() + 120, exp: seconds() + 300 } }),
    },
  }
  return mint
}

/** Another header, under the signature of the first. */
function withHeader(token: string, change: Readonly<Record<string, unknown>>): string {
  const [header, ...rest] = token.split('.')
  return [encode({ ...decode(header), ...change }), ...rest].join('.')
}

async function createKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}
