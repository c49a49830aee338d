import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOGOUT_EVENT } from '@isthmus/protocol'
import { expect, test } from '@playwright/test'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { BACK_ENDS, type BackEnd, freePort, startBackEnd } from '../back-ends.ts'

const HUB = 'https://auth.example'
const SITE = 'shop'

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

async function createKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}

const key = await createKey('published')
const forged = { sameName: await createKey('published'), otherName: await createKey('forged') }
const now = (): number => Math.floor(Date.now() / 1000)
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Making {
  readonly claims?: object
  readonly header?: object
  readonly key?: Key
}

/** A token of the hub, with these changes; `undefined` takes a claim or a header away. */
function make(typ: string, base: object, { claims, header, key: signer = key }: Making): Promise<string> {
  const envelope = { iss: HUB, aud: SITE, sub: 'customer', sid: 's1', iat: now() }
  return new SignJWT({ ...envelope, ...base, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: signer.kid, typ, ...header })
    .sign(signer.privateKey)
}

const siteToken = (making: Making = {}): Promise<string> => make('JWT', { exp: now() + 300, groups: [] }, making)

const logoutToken = (making: Making = {}): Promise<string> =>
  make('logout+jwt', { exp: now() + 120, jti: crypto.randomUUID(), events: { [LOGOUT_EVENT]: {} } }, making)

/** What is wrong with either kind of token, and the code of it. */
const FAULTS: Record<string, Making | ((good: string) => string | Promise<string>)> = {
  'token-too-long': (good) => `${good}${'A'.repeat(8192)}`,
  'token-malformed: truncated': (good) => good.split('.').slice(0, 2).join('.'),
  'token-malformed: text': () => 'x',
  'token-malformed: no JSON': (good) => good.replace(/^[^.]+/, 'e30x'),
  'token-malformed: an unknown critical header': (good) =>
    good.replace(/^[^.]+/, encode({ alg: 'ES256', kid: 'published', typ: 'JWT', crit: ['x'], x: 1 })),
  'token-malformed: no expiry': { claims: { exp: undefined } },
  'token-malformed: the expiry is a text': { claims: { exp: '9999999999' } },
  'token-malformed: no time of issue': { claims: { iat: undefined } },
  'token-wrong-algorithm: none': (good) =>
    `${encode({ alg: 'none', kid: 'published', typ: 'JWT' })}.${good.split('.')[1]}.`,
  'token-wrong-algorithm: HS256 with the public key as the secret': async (good) => {
    const [, claims = ''] = good.split('.')
    const pem = await exportSPKI((await importJWK(key.jwk, 'ES256')) as CryptoKey)
    return new SignJWT(JSON.parse(Buffer.from(claims, 'base64url').toString()))
      .setProtectedHeader({ alg: 'HS256', kid: 'published', typ: 'JWT' })
      .sign(Buffer.from(pem))
  },
  'token-unknown-key': { key: forged.otherName },
  'token-unknown-key: with the key sent along': { key: forged.otherName, header: { jwk: forged.otherName.jwk } },
  'token-bad-signature: another key of that name': { key: forged.sameName },
  'token-bad-signature: cut': (good) => good.slice(0, -8),
  'token-bad-signature: nothing but zeros': (good) => good.replace(/[^.]+$/, 'A'.repeat(86)),
  'token-bad-signature: changed claims': (good) => {
    const [header, claims = '', signature] = good.split('.')
    const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'eve' }
    return `${header}.${encode(changed)}.${signature}`
  },
  'token-wrong-type': { header: { typ: 'at+jwt' } },
  'token-wrong-type: none': { header: { typ: undefined } },
  'token-wrong-issuer': { claims: { iss: 'https://evil.example' } },
  'token-wrong-audience': { claims: { aud: 'news' } },
  'token-wrong-audience: a list of others': { claims: { aud: ['news', 'desk'] } },
  'token-expired': { claims: { iat: now() - 300, exp: now() - 1 } },
  'token-not-yet-valid': { claims: { iat: now() + 120, exp: now() + 300 } },
}

const server = createServer((_, response) => {
  fetches++
  response.end(JSON.stringify({ keys: [key.jwk] }))
})
let fetches = 0
let jwks = ''

test.beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
})

test.afterAll(() => void server.close())

for (const name of BACK_ENDS)
  test.describe(`the ${name} site`, () => {
    let site: BackEnd | undefined

    test.beforeAll(async () => {
      fetches = 0
      site = await startBackEnd(name, { hub: HUB, site: SITE, jwks, port: await freePort() })
      test.skip(!site, `${name} needs an interpreter that this machine has not`)
    })
    test.afterAll(() => site?.[Symbol.asyncDispose]())

    const members = (token: string, cookie = 'isthmus_token'): Promise<Response> =>
      fetch(`${site?.url}/members`, { headers: { cookie: `other=1; ${cookie}=${token}` } })
    const logout = (token: string): Promise<Response> =>
      fetch(`${site?.url}/isthmus/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      })

    test('lets in whom a good token names, and keeps the answer from others', async () => {
      const answer = await members(await siteToken())
      expect([answer.status, await answer.text()]).toEqual([200, 'For members: customer\n'])
      expect(answer.headers.get('cache-control')).toBe('private, no-cache')
      expect((await fetch(`${site?.url}/members`)).status).toBe(401)
      expect((await members(await siteToken(), 'x__Host-isthmus_token')).status).toBe(401)
      // PHP makes "__Host-isthmus_token" of this name, in $_COOKIE: whoever sets it needs no right to that prefix.
      expect((await members(await siteToken(), '..Host-isthmus_token')).status).toBe(401)
    })

    test('draws it into the page, escaped', async () => {
      const token = await siteToken({ claims: { name: '<script>alert(1)</script>' } })
      const html = await (await fetch(`${site?.url}/`, { headers: { cookie: `isthmus_token=${token}` } })).text()
      expect(html).toMatch(/<b id="name">&(?:lt|#60);script&(?:gt|#62);alert\(1\)/)
      expect(html).not.toContain('<script>alert')
      expect(html).toContain('data-sid="s1"')
    })

    test('believes no bad token', async () => {
      for (const [fault, change] of Object.entries(FAULTS)) {
        const token = typeof change === 'function' ? await change(await siteToken()) : await siteToken(change)
        // A header of 1 MB never gets so far; 8 kB do.
        expect([fault, (await members(token)).status]).toEqual([fault, 401])
      }
      for (const claims of [{ sub: undefined }, { sid: undefined }, { sid: ['s1'] }, { exp: now() + 400 }]) {
        expect((await members(await siteToken({ claims }))).status).toBe(401)
      }
      expect((await members(await logoutToken())).status).toBe(401)
    })

    test('refuses a bad logout token with its code, and ends nothing', async () => {
      const faults: Record<string, string> = {
        'logout-with-nonce': await logoutToken({ claims: { nonce: 'n' } }),
        'logout-without-event': await logoutToken({ claims: { events: undefined } }),
        'logout-without-event: another': await logoutToken({ claims: { events: { other: {} } } }),
        'logout-without-event: no object': await logoutToken({ claims: { events: { [LOGOUT_EVENT]: true } } }),
        'logout-without-subject': await logoutToken({ claims: { sid: undefined, sub: undefined } }),
        'token-malformed: no jti': await logoutToken({ claims: { jti: undefined } }),
        'token-wrong-type: a site token': await siteToken({ claims: { events: { [LOGOUT_EVENT]: {} }, jti: 'j' } }),
        'token-too-long: 1 MB': 'a'.repeat(1024 * 1024),
      }
      for (const [fault, change] of Object.entries(FAULTS)) {
        faults[fault] = typeof change === 'function' ? await change(await logoutToken()) : await logoutToken(change)
      }
      for (const [fault, token] of Object.entries(faults)) {
        const answer = await logout(token)
        const { error, error_description, code } = (await answer.json()) as Record<string, string>
        expect([fault, answer.status, error, code]).toEqual([fault, 400, 'invalid_request', fault.split(':')[0]])
        expect(error_description).toMatch(/^[A-Z].+\.$/)
        expect(answer.headers.get('cache-control')).toBe('no-store')
      }
      expect((await members(await siteToken())).status).toBe(200)
    })

    test('all those forged keys made it fetch the published ones once', () => {
      expect(fetches).toBe(1)
    })

    test('a logout token ends exactly one session, at once; its replay is refused', async () => {
      const [ended, other] = [await siteToken(), await siteToken({ claims: { sid: 's2' } })]
      expect((await members(ended)).status).toBe(200)
      const token = await logoutToken()
      const answer = await logout(token)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
      expect((await members(ended)).status).toBe(401)
      expect((await members(other)).status).toBe(200)

      const replayed = await logout(token)
      expect([replayed.status, await replayed.json()]).toEqual([
        400,
        expect.objectContaining({ code: 'logout-replayed' }),
      ])
    })

    test('one without a session ends all of the user, and of nobody else', async () => {
      const tokens = await Promise.all([
        siteToken({ claims: { sid: 's3' } }),
        siteToken({ claims: { sid: 's4' } }),
        siteToken({ claims: { sub: 'clerk', sid: 's5' } }),
      ])
      expect((await logout(await logoutToken({ claims: { sid: undefined } }))).status).toBe(200)
      expect(await Promise.all(tokens.map(async (token) => (await members(token)).status))).toEqual([401, 401, 200])
      const later = await siteToken({ claims: { sid: 's6', iat: now() + 1 } })
      expect((await members(later)).status).toBe(200)
    })

    test('fifty logouts at once are all remembered', async () => {
      const sids = Array.from({ length: 50 }, (_, index) => `many-${index}`)
      const answers = await Promise.all(
        sids.map(async (sid) => logout(await logoutToken({ claims: { sid, sub: 'x' } }))),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const verdicts = await Promise.all(
        sids.map(async (sid) => (await members(await siteToken({ claims: { sid, sub: 'x' } }))).status),
      )
      expect(new Set(verdicts)).toEqual(new Set([401]))
    })
  })
