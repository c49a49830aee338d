import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { type Agent, createWorld, HUB, SHOP, START, type World } from '../hub.test-world.ts'
import { type AssertionOptions, assertionLogin } from './assertion.ts'

const KEY = 'a shared key of thirty-two bytes!'
const NOW = START / 1000

interface Browser {
  /** Id of the sign-in that this browser has begun, as the login page gets it. */
  readonly pending: string
  bring(assertion: string, method?: 'GET' | 'POST'): Promise<Response>
  /** Who is signed in at the hub, by this browser. */
  user(): Promise<string | undefined>
}

async function withAssertions(world: World, options: Partial<AssertionOptions> = {}) {
  const onRefused = vi.fn()
  const { hub, store, now: clock } = world
  const { fetch } = await assertionLogin({ hub, origin: HUB, store, key: KEY, clock, onRefused, ...options })
  const keep = (agent: Agent, response: Response): void => {
    for (const text of response.headers.getSetCookie()) {
      const [pair = '', ...rest] = text.split('; ')
      const [name = '', ...value] = pair.split('=')
      if (rest.includes('Max-Age=0')) agent.cookies.delete(name)
      else agent.cookies.set(name, decodeURIComponent(value.join('=')))
    }
  }
  return {
    onRefused,
    fetch,
    async browser(): Promise<Browser> {
      const agent = world.agent()
      const query = new URLSearchParams({ return_to: `${SHOP}/cart` })
      const away = await agent.visit(`/isthmus/login?${query}`, { headers: { referer: `${SHOP}/` } })
      const pending = new URL(away.headers.get('location') ?? '', HUB).searchParams.get('isthmus') ?? ''
      return {
        pending,
        async bring(assertion, method = 'GET') {
          const form = new URLSearchParams({ assertion })
          const request =
            method === 'GET'
              ? agent.request(`/isthmus/assertion?${form}`)
              : agent.request('/isthmus/assertion', {
                  method,
                  body: String(form),
                  headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://login.example' },
                })
          const response = await fetch(request)
          keep(agent, response)
          return response
        },
        user: async () => (await world.hub.sessions.current(agent.request('/')))?.sub,
      }
    },
  }
}

function assertion(pending: string, changes: object = {}, header: object = {}, key: string = KEY): Promise<string> {
  const claims = { aud: HUB, sub: 'ann', nonce: pending, jti: crypto.randomUUID(), iat: NOW, exp: NOW + 60, ...changes }
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(new TextEncoder().encode(key))
}

describe('a login page in any language', () => {
  it.each(['GET', 'POST'] as const)(
    'signs its user in by %s, for the sign-in that this browser began',
    async (method) => {
      await using world = await createWorld()
      const { browser } = await withAssertions(world)
      const ann = await browser()
      const back = await ann.bring(
        await assertion(ann.pending, { claims: { name: 'Ann' }, groups: ['customers'] }),
        method,
      )
      expect(back.status).toBe(303)
      expect(back.headers.get('cache-control')).toBe('no-store')
      expect(await ann.user()).toBe('ann')
      const [session] = await world.hub.sessions.list('ann')
      expect(session).toMatchObject({ claims: { name: 'Ann' }, groups: ['customers'] })
    },
  )

  it('passes everything else to the hub', async () => {
    await using world = await createWorld()
    const { fetch } = await withAssertions(world)
    expect((await fetch(new Request(`${HUB}/isthmus/healthz`))).status).toBe(200)
    expect((await fetch(new Request(`${HUB}/isthmus/assertion`, { method: 'PUT' }))).status).toBe(404)
  })

  it('signs nobody in by an assertion that was planted in another browser', async () => {
    await using world = await createWorld()
    const { browser, onRefused } = await withAssertions(world)
    const [eve, ann] = [await browser(), await browser()]
    const planted = await assertion(eve.pending, { sub: 'eve' })
    const refused = await ann.bring(planted)
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ error: 'sign-in-refused' })])
    expect(await ann.user()).toBeUndefined()
    expect(onRefused).toHaveBeenLastCalledWith('this browser did not begin the sign-in that it names')
    expect(await world.hub.sessions.list('eve')).toEqual([])
  })

  it('is good once, of ten at once too', async () => {
    await using world = await createWorld()
    const { browser, onRefused } = await withAssertions(world)
    const ann = await browser()
    const one = await assertion(ann.pending)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ann.bring(one)))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array(9).fill(403)])
    expect(onRefused).toHaveBeenLastCalledWith('its jti was used before')
  })

  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const faults: Record<string, readonly [(pending: string) => string | Promise<string>, RegExp]> = {
    'no JWT': [() => 'x', /no signed JWT/],
    'longer than any': [() => 'x'.repeat(9000), /longer than any/],
    'alg: none': [
      async (pending) => `${encode({ alg: 'none' })}.${(await assertion(pending)).split('.')[1]}.`,
      /signed with none, and the key of the hub is one for HS256/,
    ],
    'another key': [(pending) => assertion(pending, {}, {}, KEY.toUpperCase()), /signature is of another key/],
    'for another hub': [(pending) => assertion(pending, { aud: 'https://other.example' }), /aud is wrong/],
    'for no hub': [(pending) => assertion(pending, { aud: undefined }), /aud is wrong/],
    'run out': [(pending) => assertion(pending, { iat: NOW - 120, exp: NOW - 60 }), /too old/],
    'from the future': [(pending) => assertion(pending, { iat: NOW + 30, exp: NOW + 60 }), /from the future/],
    'a long life': [(pending) => assertion(pending, { exp: NOW + 61 }), /lives longer than 60 s/],
    'no expiry': [(pending) => assertion(pending, { exp: undefined }), /exp is wrong/],
    'no user': [(pending) => assertion(pending, { sub: undefined }), /sub is missing/],
    'an empty user': [(pending) => assertion(pending, { sub: '' }), /sub is missing/],
    'no jti': [(pending) => assertion(pending, { jti: undefined }), /jti is missing/],
    'no nonce': [(pending) => assertion(pending, { nonce: undefined }), /nonce is missing/],
    'groups as one text': [
      (pending) => assertion(pending, { groups: 'staff' }),
      /groups is missing, or has not its form/,
    ],
    'claims as a list': [(pending) => assertion(pending, { claims: [] }), /claims is missing, or has not its form/],
  }
  it.each(Object.entries(faults))(
    'is refused with its reason in the log, and not in the answer: %s',
    async (_, [make, reason]) => {
      await using world = await createWorld()
      const { browser, onRefused } = await withAssertions(world)
      const ann = await browser()
      const bad = await make(ann.pending)
      const answer = await ann.bring(bad)
      expect(answer.status).toBe(403)
      expect(await answer.json()).toEqual({
        error: 'sign-in-refused',
        message: 'The proof of who signed in does not hold.',
      })
      expect(onRefused.mock.calls).toEqual([[expect.stringMatching(reason)]])
      expect(onRefused.mock.calls.join()).not.toContain(bad.split('.')[2] || 'nothing')
      expect(await ann.user()).toBeUndefined()
    },
  )

  it('reads no body without end', async () => {
    await using world = await createWorld()
    const { fetch, onRefused } = await withAssertions(world)
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        if (++pulled > 100) controller.close()
        else controller.enqueue(new TextEncoder().encode('assertion='.padEnd(10_000, 'x')))
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await fetch(new Request(`${HUB}/isthmus/assertion`, init))).status).toBe(400)
    expect(pulled).toBeLessThan(10)
    expect(onRefused).toHaveBeenLastCalledWith('A request body has at most 32768 bytes.')
  })

  it('tells a person what is wrong on a page', async () => {
    await using world = await createWorld()
    const { fetch } = await withAssertions(world)
    const headers = { 'sec-fetch-dest': 'document' }
    const answer = await fetch(new Request(`${HUB}/isthmus/assertion?assertion=x`, { headers }))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
    expect(await answer.text()).toContain('The proof of who signed in does not hold.')
  })

  it.each([
    ['ES256', 'RS256'],
    ['RS256', 'ES256'],
  ] as const)('may have a key of its own, %s, and then signs with no other', async (algorithm, other) => {
    await using world = await createWorld()
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
    const { browser, onRefused } = await withAssertions(world, { key: await exportJWK(publicKey) })
    const ann = await browser()
    const claims = { aud: HUB, sub: 'ann', nonce: ann.pending, jti: crypto.randomUUID(), iat: NOW, exp: NOW + 60 }
    const signed = await new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(privateKey)
    expect((await ann.bring(signed)).status).toBe(303)
    const { privateKey: foreign } = await generateKeyPair(other)
    const forged = await new SignJWT({ ...claims, jti: 'another one' }).setProtectedHeader({ alg: other }).sign(foreign)
    expect((await ann.bring(forged)).status).toBe(403)
    expect((await ann.bring(await assertion(ann.pending))).status).toBe(403)
    expect(onRefused).toHaveBeenLastCalledWith(
      `it is signed with HS256, and the key of the hub is one for ${algorithm}`,
    )
  })

  it('does not start with a key that is none', async () => {
    await using world = await createWorld()
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const keys: [unknown, RegExp][] = [
      ['short', /has 5 bytes; a shared key has 32 or more/],
      [undefined, /needs a shared key/],
      [{ kty: 'oct', k: 'x' }, /needs a P-256 key/],
      [await exportJWK(privateKey), /private half/],
    ]
    for (const [key, sentence] of keys) {
      const start = withAssertions(world, { key: key as string })
      await expect(start).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringMatching(sentence) })
    }
  })
})
