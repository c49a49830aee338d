import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FUZZ_TIMEOUT_MS, fuzz, hostileText, mutationsOf, readCorpus } from '../../protocol/src/fuzz.test-kit.ts'
import { createWorld } from './token.test-world.ts'

const corpus = readCorpus(new URL('fuzz.test-corpus.json', import.meta.url))
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')

it('no token names a user but one that the hub has signed', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const good = await world.token()
  const logout = await world.logoutToken()
  const tokens = fc.oneof(
    hostileText,
    mutationsOf([good, logout]),
    fc
      .tuple(fc.jsonValue(), fc.jsonValue(), fc.base64String({ maxLength: 90 }))
      .map(([header, claims, signature]) => `${encode(header)}.${encode(claims)}.${signature}`),
    fc
      .tuple(
        fc.constantFrom('none', 'HS256', 'ES256', 'RS256', 'ES256K'),
        fc.constantFrom('first', 'second', '', '__proto__'),
      )
      .map(([alg, kid]) => `${encode({ alg, kid, typ: 'JWT' })}.${good.split('.')[1]}.${good.split('.')[2]}`),
  )
  await fuzz(tokens, corpus.tokens, async (token) => {
    const verdict = await verifier.verify(token)
    if (token === good) {
      expect(verdict.status).toBe('signed-in')
      return
    }
    expect(verdict).toMatchObject({ status: 'unknown', error: { code: expect.stringMatching(/^token-/) } })
    expect(verdict.user).toBeUndefined()
    if (token !== logout) {
      await expect(verifier.receiveLogout(token)).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:token|logout)-/),
      })
    }
  })
})
