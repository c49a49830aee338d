import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOGOUT_EVENT } from '@isthmus/protocol'
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { createVerifier, type Verifier } from './create-verifier.ts'
import type { VerifierOptions } from './options.ts'

export const HUB = 'https://auth.example'
export const SITE = 'shop'

/** When every world begins; no test depends on the date. */
export const START: number = Date.UTC(2030, 0, 1)

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** What a test puts into the header of a token. */
type Header = Partial<JWTHeaderParameters> & { readonly iat_ms?: number }

/** A key set on a real server, the keys behind it, and a clock that stands still until it is told to move. */
export interface World extends AsyncDisposable {
  readonly jwks: string
  /** How often the key set was fetched. */
  readonly fetches: () => number
  /** What the server publishes; change it to rotate. `undefined`: it answers 500. */
  published: readonly Key[] | undefined
  readonly key: Key
  now(): number
  pass(ms: number): void
  verifier(options?: Partial<VerifierOptions>): Verifier
  /** A site token as the hub issues them; `undefined` in a claim takes it away. */
  token(claims?: object, header?: Header, key?: Key): Promise<string>
  /** A logout token as the hub sends them. */
  logoutToken(claims?: object, header?: Header, key?: Key): Promise<string>
}

export async function createKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}

export async function createWorld(): Promise<World> {
  let now = START
  let fetches = 0
  const clock = (): number => now
  const server = createServer((_, response) => {
    fetches++
    if (!world.published) return response.writeHead(500).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ keys: world.published.map(({ jwk }) => jwk) }))
  })
  const key = await createKey('first')

  async function sign(payload: JWTPayload, header: Header, { kid, privateKey }: Key) {
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(privateKey)
  }
  const world: World = {
    jwks: `http://127.0.0.1:${await listen(server)}/.well-known/jwks.json`,
    fetches: () => fetches,
    published: [key],
    key,
    now: clock,
    pass(ms) {
      now += ms
    },
    verifier: (options) => createVerifier({ hub: HUB, site: SITE, jwks: world.jwks, clock, ...options }),
    token: (claims, header, signer = key) =>
      sign(
        {
          iss: HUB,
          aud: SITE,
          sub: 'customer',
          sid: 's1',
          iat: now / 1000,
          exp: now / 1000 + 300,
          groups: [],
          ...claims,
        },
        { typ: 'JWT', ...header },
        signer,
      ),
    logoutToken: (claims, header, signer = key) =>
      sign(
        {
          iss: HUB,
          aud: SITE,
          sub: 'customer',
          sid: 's1',
          jti: crypto.randomUUID(),
          iat: now / 1000,
          exp: now / 1000 + 120,
          events: { [LOGOUT_EVENT]: {} },
          ...claims,
        },
        { typ: 'logout+jwt', ...header },
        signer,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return world
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
