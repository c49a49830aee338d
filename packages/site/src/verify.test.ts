import { randomBytes } from 'node:crypto'
import { TOKEN_LIMIT } from '@isthmus/protocol'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import * as undici from 'undici'
import { describe, expect, test, vi } from 'vitest'
import type { Mirror, RequestLike } from './request-like.ts'
import { memoryRevocations, type Revocations } from './revocations.ts'
import { createKey, createWorld, HUB, SITE, START } from './token.test-world.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a good token', () => {
  test('says who is signed in, and nothing of the envelope', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const token = await world.token({ name: 'Customer', address: { city: 'London' }, groups: ['customers'] })
    expect(await verifier.verify(token)).toEqual({
      status: 'signed-in',
      sid: 's1',
      user: { sub: 'customer', name: 'Customer', address: { city: 'London' } },
      groups: ['customers'],
      expiresAt: START + 300_000,
    })
  })

  test('cannot be written into: the verdict is shared by many requests', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const token = await world.token({ roles: ['reader'] })
    const first = await verifier.verify(token)
    const { roles } = first.user as unknown as { roles: string[] }
    expect(() => roles.push('admin')).toThrow(TypeError)
    expect((await verifier.verify(token)).user).toEqual({ sub: 'customer', roles: ['reader'] })
  })

  test('is checked once in half a minute, and believed not a moment longer than it lives', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const token = await world.token()
    const first = await verifier.verify(token)
    world.pass(29_999)
    expect(await verifier.verify(token)).toBe(first)
    world.pass(270_000)
    expect(await verifier.verify(token)).toEqual(first)
    world.pass(1)
    expect(await verifier.verify(token)).toMatchObject({ status: 'unknown', error: { code: 'token-expired' } })
  })

  // Regression: a page asks for its parts at once, and each of them had the signature checked anew.
  test('that ten requests bring at once is checked once', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    await verifier.verify(await world.token({ sid: 'warm' }))
    const token = await world.token()
    const check = vi.spyOn(crypto.subtle, 'verify')
    try {
      const verdicts = await Promise.all(Array.from({ length: 10 }, () => verifier.verify(token)))
      expect(new Set(verdicts).size).toBe(1)
      expect(check).toHaveBeenCalledTimes(1)
      const forged = `${token.slice(0, -8)}AAAAAAAA`
      const refused = await Promise.all(Array.from({ length: 10 }, () => verifier.verify(forged)))
      expect(refused.every(({ error }) => error?.code === 'token-bad-signature')).toBe(true)
      expect(check).toHaveBeenCalledTimes(2)
      // What failed is not kept.
      await verifier.verify(forged)
      expect(check).toHaveBeenCalledTimes(3)
    } finally {
      check.mockRestore()
    }
  })

  test('is taken where this clock is a little behind the hub', async () => {
    await using world = await createWorld()
    world.pass(-30_000)
    const token = await world.token()
    world.pass(0)
    expect((await world.verifier({ clock: () => START - 60_000 }).verify(token)).status).toBe('signed-in')
  })
})

describe('where it is read from', () => {
  const both = 'isthmus_token=page; __Host-isthmus_token=host'
  type Case = readonly [string, Mirror, Record<string, string>, string | undefined]
  const cases: readonly Case[] = [
    ['the cookie of the page, and never the other', 'cookie', { cookie: both }, 'page'],
    ['the HttpOnly cookie', 'endpoint', { cookie: both }, 'host'],
    // Regression: a neighbour's planted cookie was believed wherever the site's own was not there.
    ['never a cookie that scripts can write', 'endpoint', { cookie: 'isthmus_token=page' }, undefined],
    ['an authorization header', 'cookie', { authorization: 'Bearer api' }, 'api'],
    ['an authorization header in lower case', 'cookie', { authorization: 'bearer api' }, 'api'],
    // Regression: whoever asked in the name of another user, on purpose, was taken for the user of the browser.
    ['an authorization header before any cookie', 'cookie', { cookie: both, authorization: 'Bearer api' }, 'api'],
    ['no other scheme', 'cookie', { authorization: 'Basic api' }, undefined],
    ['a cookie beside another scheme', 'cookie', { cookie: both, authorization: 'Basic api' }, 'page'],
    ['an empty cookie is none', 'cookie', { cookie: 'isthmus_token=; isthmus_token=page' }, 'page'],
    ['the same token twice is one', 'cookie', { cookie: 'isthmus_token=page; a=b; isthmus_token=page' }, 'page'],
    ['names are exact', 'endpoint', { cookie: 'x__Host-isthmus_token=page; __HOST-ISTHMUS_TOKEN=page' }, undefined],
    ['names are exact here, too', 'cookie', { cookie: 'ISTHMUS_TOKEN=page; isthmus_token.=page' }, undefined],
  ]
  for (const [name, mirror, headers, expected] of cases) {
    test(`${mirror}: ${name}`, async () => {
      await using world = await createWorld()
      const verifier = world.verifier({ mirror })
      const tokens = { host: await world.token({ sid: 'host' }), page: await world.token({ sid: 'page' }) }
      const named = { ...tokens, api: await world.token({ sid: 'api' }) }
      const filled = Object.fromEntries(
        Object.entries(headers).map(([header, value]) => [
          header,
          value.replace(/\b(host|page|api)\b(?=;|$)/g, (word) => named[word as keyof typeof named]),
        ]),
      )
      const spelt = Object.fromEntries(
        Object.entries(filled).map(([header, value]) => [header.replace(/^./, (first) => first.toUpperCase()), value]),
      )
      const requests: RequestLike[] = [
        { headers: filled },
        // As the event of a serverless function has them.
        { headers: spelt },
        new Request('https://shop.example/', { headers: filled }),
        // Regression: the classes of a library or of a framework's sandbox are not the global ones; nobody was known.
        new undici.Request('https://shop.example/', { headers: filled }),
        { headers: new undici.Headers(filled) },
      ]
      for (const request of requests) {
        const { sid, error } = await verifier.verify(request)
        expect(sid).toBe(expected)
        expect(error?.code).toBe(expected ? undefined : 'token-missing')
      }
    })
  }

  test('two different tokens are refused, whichever comes first: one of them is planted', async () => {
    await using world = await createWorld()
    for (const [mirror, name] of [
      ['cookie', 'isthmus_token'],
      ['endpoint', '__Host-isthmus_token'],
    ] as const) {
      const [own, planted] = [await world.token(), await world.token({ sub: 'eve', sid: 's2' })]
      for (const [one, two] of [
        [own, planted],
        [planted, own],
        [own, 'x'],
      ]) {
        const verdict = await world
          .verifier({ mirror })
          .verify({ headers: { cookie: `${name}=${one}; ${name}=${two}` } })
        expect(verdict).toMatchObject({ status: 'unknown', error: { code: 'token-ambiguous' } })
      }
    }
  })
})

describe('a bad token is refused with the code of its fault', () => {
  const faults: Record<string, (world: Awaited<ReturnType<typeof createWorld>>) => string | Promise<string>> = {
    'token-missing': () => '',
    'token-too-long: 1 MB': () => `a.b.${'c'.repeat(1024 * 1024)}`,
    'token-too-long: one more than the limit': () => 'a'.repeat(TOKEN_LIMIT + 1),
    'token-malformed: text': () => 'x',
    'token-malformed: truncated': async (world) => (await world.token()).split('.').slice(0, 2).join('.'),
    'token-malformed: no JSON': () => `${Buffer.from('{').toString('base64url')}.e30.x`,
    'token-malformed: encrypted': () => `${encode({ alg: 'dir', enc: 'A256GCM' })}..x.y.z`,
    'token-malformed: no expiry': (world) => world.token({ exp: undefined }),
    'token-malformed: no time of issue': (world) => world.token({ iat: undefined }),
    'token-malformed: no session': (world) => world.token({ sid: undefined }),
    'token-malformed: no user': (world) => world.token({ sub: undefined }),
    'token-malformed: groups as one text': (world) => world.token({ groups: 'not-staff' }),
    'token-malformed: an unknown critical header': async (world) =>
      (await world.token()).replace(/^[^.]+/, encode({ alg: 'ES256', kid: 'first', typ: 'JWT', crit: ['x'], x: 1 })),
    'token-malformed: lives longer than a revocation is remembered': (world) =>
      world.token({ exp: START / 1000 + 301 }),
    'token-bad-signature: truncated at its end': async (world) => (await world.token()).slice(0, -8),
    'token-bad-signature: changed claims': async (world) => {
      const [header, , signature] = (await world.token()).split('.')
      return `${header}.${encode({ iss: HUB, aud: SITE, sub: 'eve', sid: 's1', iat: START / 1000 })}.${signature}`
    },
    'token-bad-signature: another key under a published name': async (world) =>
      world.token({}, {}, await createKey('first')),
    'token-unknown-key: a key of the attacker': async (world) => world.token({}, {}, await createKey('mine')),
    'token-unknown-key: a key of the attacker, sent along': async (world) => {
      const mine = await createKey('mine')
      return world.token({}, { jwk: mine.jwk, jku: 'https://evil.example/keys' } as object, mine)
    },
    'token-unknown-key: no key named': (world) => world.token({}, { kid: undefined } as object),
    'token-wrong-algorithm: none': async (world) =>
      `${encode({ alg: 'none', kid: 'first', typ: 'JWT' })}.${(await world.token()).split('.')[1]}.`,
    'token-wrong-algorithm: HS256 with the public key as the secret': async (world) => {
      const pem = await exportSPKI((await importJWK(world.key.jwk, 'ES256')) as CryptoKey)
      return new SignJWT({ iss: HUB, aud: SITE, sub: 'eve', sid: 's1' })
        .setProtectedHeader({ alg: 'HS256', kid: 'first', typ: 'JWT' })
        .setIssuedAt(START / 1000)
        .setExpirationTime(START / 1000 + 60)
        .sign(Buffer.from(pem))
    },
    'token-wrong-type: a logout token': (world) => world.logoutToken(),
    'token-wrong-type: none named': (world) => world.token({}, { typ: undefined } as object),
    'token-wrong-issuer: another hub': (world) => world.token({ iss: 'https://auth.evil.example' }),
    'token-wrong-issuer: with a slash': (world) => world.token({ iss: `${HUB}/` }),
    'token-wrong-audience: another site': (world) => world.token({ aud: 'news' }),
    'token-wrong-audience: nobody': (world) => world.token({ aud: [] }),
    'token-expired: this second': (world) => world.token({ iat: START / 1000 - 300, exp: START / 1000 }),
    'token-not-yet-valid: issued in a minute': (world) =>
      world.token({ iat: START / 1000 + 60, exp: START / 1000 + 360 }),
    'token-not-yet-valid: nbf': (world) => world.token({ nbf: START / 1000 + 60 }),
  }
  for (const [name, make] of Object.entries(faults)) {
    test(name, async () => {
      await using world = await createWorld()
      const [code] = name.split(':')
      const { status, user, error } = await world.verifier().verify(await make(world))
      expect({ status, user, code: error?.code }).toEqual({ status: 'unknown', user: undefined, code })
      // One sentence, and not the code again.
      expect(error?.message).toMatch(/^[A-Z].+\.$/)
    })
  }

  test('whatever is changed in a good one, none is believed and nothing is thrown', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const token = await world.token({ name: 'Customer' })
    const last = token.length - 1
    for (let round = 0; round < 300; round++) {
      // The last character of a base64url text may hold bits that mean nothing: it stays.
      const at = randomBytes(2).readUInt16BE() % last
      const other = String.fromCharCode(randomBytes(1)[0] ?? 0)
      if (token[at] === other) continue
      const changed = token.slice(0, at) + other + token.slice(at + 1)
      expect(await verifier.verify(changed)).toMatchObject({ status: 'unknown' })
    }
  })
})

describe('the end of a session', () => {
  test('by session: this token and the kept verdict are over at once, others go on', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const [ended, other] = [await world.token(), await world.token({ sid: 's2' })]
    expect((await verifier.verify(ended)).status).toBe('signed-in')
    await verifier.revoke({ sid: 's1' })
    expect(await verifier.verify(ended)).toMatchObject({ status: 'signed-out', error: { code: 'token-revoked' } })
    expect((await verifier.verify(other)).status).toBe('signed-in')
    // A token of the same session that comes later is of a hub that does not know yet.
    world.pass(10_000)
    expect((await verifier.verify(await world.token())).status).toBe('signed-out')
  })

  test('by user: all tokens until now, none of a later sign-in', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const [first, second] = [await world.token(), await world.token({ sid: 's2' })]
    await verifier.revoke({ sub: 'customer' })
    expect((await verifier.verify(first)).status).toBe('signed-out')
    expect((await verifier.verify(second)).status).toBe('signed-out')
    world.pass(1000)
    expect((await verifier.verify(await world.token({ sid: 's3' }))).status).toBe('signed-in')
    expect((await verifier.verify(await world.token({ sub: 'clerk' }))).status).toBe('signed-in')
  })

  // Regression: whoever signed in within the second of the revocation was refused for as long as that token lasted.
  test('by user, within one second: what the hub issued before is over, what it issued after is good', async () => {
    await using world = await createWorld()
    const verifier = world.verifier()
    const at = (ms: number, sid: string): Promise<string> => world.token({ sid }, { iat_ms: START + ms })
    const [before, after, wrong] = [await at(100, 's1'), await at(600, 's2'), await at(5000, 's3')]
    world.pass(500)
    await verifier.revoke({ sub: 'customer' })
    expect((await verifier.verify(before)).status).toBe('signed-out')
    expect((await verifier.verify(after)).status).toBe('signed-in')
    // A header that contradicts the claim counts for nothing.
    expect((await verifier.verify(wrong)).status).toBe('signed-out')
  })

  test('is remembered until the last token of the session is over, by whichever clock', async () => {
    for (const behindMs of [0, 29_000]) {
      await using world = await createWorld()
      const verifier = world.verifier({ clock: () => world.now() - behindMs })
      const token = await world.token()
      await verifier.receiveLogout(await world.logoutToken())
      for (let seconds = 0; seconds <= 360; seconds += 15) {
        expect((await verifier.verify(token)).status).not.toBe('signed-in')
        world.pass(15_000)
      }
    }
  })

  test('is shared where the memory is: what one process was told, the other knows', async () => {
    await using world = await createWorld()
    const entries = new Map<string, number>()
    const revocations: Revocations = {
      put: async (key, at) => void entries.set(key, at),
      get: async (key) => entries.get(key),
      add: async (key, at) => !entries.has(key) && entries.set(key, at).size > 0,
      delete: async (key) => void entries.delete(key),
    }
    const [one, two] = [world.verifier({ revocations }), world.verifier({ revocations })]
    const token = await world.token()
    expect((await two.verify(token)).status).toBe('signed-in')
    await one.receiveLogout(await world.logoutToken())
    expect((await two.verify(token)).status).toBe('signed-out')
  })

  test('a memory that fails is not taken for one that knows of no end', async () => {
    await using world = await createWorld()
    const revocations = { ...memoryRevocations(), get: () => Promise.reject(new Error('no connection')) }
    await expect(world.verifier({ revocations }).verify(await world.token())).rejects.toThrow('no connection')
  })
})
