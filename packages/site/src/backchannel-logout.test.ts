import * as undici from 'undici'
import { describe, expect, test, vi } from 'vitest'
import { backchannelLogout } from './backchannel-logout.ts'
import { memoryRevocations } from './revocations.ts'
import { createKey, createWorld, HUB, SITE, START, type World } from './token.test-world.ts'

/** What a hub sends. */
function delivery(logoutToken: string, changes: RequestInit = {}): Request {
  const body = new URLSearchParams({ logout_token: logoutToken })
  return new Request('https://shop.example/isthmus/backchannel-logout', { method: 'POST', body, ...changes })
}

test('a logout token ends the session at once: 200, kept by nobody, and told to the site', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const onLogout = vi.fn()
  const receive = backchannelLogout(verifier, { onLogout })
  const token = await world.token()
  expect((await verifier.verify(token)).status).toBe('signed-in')

  const answer = await receive(delivery(await world.logoutToken({ jti: 'j1' })))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(onLogout.mock.calls).toEqual([
    [{ sid: 's1', sub: 'customer', jti: 'j1', issuedAt: START, expiresAt: START + 120_000 }],
  ])
  expect((await verifier.verify(token)).status).toBe('signed-out')
})

test('without a session id all sessions of the user end, and only those', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const tokens = [await world.token(), await world.token({ sid: 's2' }), await world.token({ sub: 'clerk', sid: 's3' })]
  await backchannelLogout(verifier)(delivery(await world.logoutToken({ sid: undefined })))
  const verdicts = await Promise.all(tokens.map((token) => verifier.verify(token)))
  expect(verdicts.map(({ status }) => status)).toEqual(['signed-out', 'signed-out', 'signed-in'])
})

test('one session of a user ends, the other goes on', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  await backchannelLogout(verifier)(delivery(await world.logoutToken()))
  expect((await verifier.verify(await world.token({ sid: 's2' }))).status).toBe('signed-in')
})

describe('a bad logout token is refused with the code of its fault, and ends nothing', () => {
  const faults: Record<string, (world: World) => string | Promise<string>> = {
    'logout-with-nonce': (world) => world.logoutToken({ nonce: 'n' }),
    'logout-with-nonce: null': (world) => world.logoutToken({ nonce: null }),
    'logout-without-event: no events': (world) => world.logoutToken({ events: undefined }),
    'logout-without-event: another': (world) => world.logoutToken({ events: { 'http://other.example/event': {} } }),
    'logout-without-event: a list': (world) =>
      world.logoutToken({ events: ['http://schemas.openid.net/event/backchannel-logout'] }),
    'logout-without-event: no object': (world) =>
      world.logoutToken({ events: { 'http://schemas.openid.net/event/backchannel-logout': true } }),
    'logout-without-subject': (world) => world.logoutToken({ sid: undefined, sub: undefined }),
    'token-malformed: no jti': (world) => world.logoutToken({ jti: undefined }),
    'token-malformed: no iat': (world) => world.logoutToken({ iat: undefined }),
    'token-malformed: no exp': (world) => world.logoutToken({ exp: undefined }),
    'token-malformed: the session is a list': (world) => world.logoutToken({ sid: ['s1'] }),
    'token-malformed: text': () => 'x',
    'token-too-long': () => 'a'.repeat(1024 * 1024),
    'token-wrong-type: a site token': (world) => world.token({ events: { [`${HUB}`]: {} } }),
    'token-wrong-type: none': (world) => world.logoutToken({}, { typ: undefined } as object),
    'token-wrong-issuer': (world) => world.logoutToken({ iss: 'https://evil.example' }),
    'token-wrong-audience': (world) => world.logoutToken({ aud: 'news' }),
    'token-expired': (world) => world.logoutToken({ iat: START / 1000 - 120, exp: START / 1000 }),
    'token-not-yet-valid': (world) => world.logoutToken({ iat: START / 1000 + 60 }),
    'token-unknown-key': async (world) => world.logoutToken({}, {}, await createKey('mine')),
    'token-bad-signature': async (world) => world.logoutToken({}, {}, await createKey('first')),
    'token-wrong-algorithm: none': async (world) => {
      const [, claims] = (await world.logoutToken()).split('.')
      return `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.${claims}.`
    },
  }
  for (const [name, make] of Object.entries(faults)) {
    test(name, async () => {
      await using world = await createWorld()
      const verifier = world.verifier()
      const onLogout = vi.fn()
      const answer = await backchannelLogout(verifier, { onLogout })(delivery(await make(world)))
      expect(answer.status).toBe(400)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.json()).toEqual({
        error: 'invalid_request',
        error_description: expect.stringMatching(/^[A-Z].+\.$/),
        code: name.split(':')[0],
      })
      expect(onLogout).not.toHaveBeenCalled()
      expect((await verifier.verify(await world.token())).status).toBe('signed-in')
    })
  }

  test('a replay', async () => {
    await using world = await createWorld()
    const onLogout = vi.fn()
    const receive = backchannelLogout(world.verifier(), { onLogout })
    const token = await world.logoutToken()
    expect((await receive(delivery(token))).status).toBe(200)
    world.pass(119_000)
    const again = await receive(delivery(token))
    expect(again.status).toBe(400)
    expect(await again.json()).toMatchObject({ code: 'logout-replayed' })
    expect(onLogout).toHaveBeenCalledTimes(1)
  })
})

// Regression: the check and the mark were two steps, and 20 of 20 at once ran onLogout.
test('of twenty copies of one token at once, one is received', async () => {
  await using world = await createWorld()
  const onLogout = vi.fn(() => new Promise((resolve) => setImmediate(resolve)))
  const receive = backchannelLogout(world.verifier(), { onLogout })
  const token = await world.logoutToken()
  const answers = await Promise.all(Array.from({ length: 20 }, () => receive(delivery(token))))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(400)])
  expect(onLogout).toHaveBeenCalledTimes(1)
})

test('a memory that fails is the hub’s reason to try again, and the token is not used up', async () => {
  await using world = await createWorld()
  const memory = memoryRevocations({ clock: world.now })
  const put = vi.fn(memory.put).mockImplementationOnce(() => {
    throw new Error('no connection')
  })
  const verifier = world.verifier({ revocations: { ...memory, put } })
  const token = await world.logoutToken()
  const log = vi.spyOn(console, 'error').mockReturnValue()
  try {
    expect((await backchannelLogout(verifier)(delivery(token))).status).toBe(500)
  } finally {
    log.mockRestore()
  }
  expect((await backchannelLogout(verifier)(delivery(token))).status).toBe(200)
})

test('a request of another library, or one that was read before', async () => {
  await using world = await createWorld()
  const foreign = async (): Promise<Request> => {
    const body = new URLSearchParams({ logout_token: await world.logoutToken() }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return new undici.Request('https://shop.example/', { method: 'POST', body, headers }) as unknown as Request
  }
  expect((await backchannelLogout(world.verifier())(await foreign())).status).toBe(200)

  const read = await foreign()
  await read.text()
  const log = vi.spyOn(console, 'error').mockReturnValue()
  try {
    const answer = await backchannelLogout(world.verifier())(read)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      code: 'config-invalid',
      error_description: expect.stringMatching(/was read before.*before body parsers/),
    })
    expect(log.mock.calls).toEqual([[expect.stringContaining('was read before')]])
  } finally {
    log.mockRestore()
  }
})

describe('a request that is none', () => {
  const requests: Record<string, () => Request> = {
    'GET, which browsers can be led to': () =>
      delivery('x', { method: 'GET', body: null, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    'another type': () =>
      delivery('x', { body: '{"logout_token":"x"}', headers: { 'content-type': 'application/json' } }),
    'no token': () => delivery('x', { body: new URLSearchParams({ token: 'x' }) }),
    'two tokens': () =>
      delivery('x', {
        body: new URLSearchParams([
          ['logout_token', 'x'],
          ['logout_token', 'y'],
        ]),
      }),
  }
  for (const [name, make] of Object.entries(requests)) {
    test(name, async () => {
      await using world = await createWorld()
      const answer = await backchannelLogout(world.verifier())(make())
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: 'invalid_request', code: 'invalid-request' })
    })
  }
})

test('whoever gives a token to the verifier by other ways is told the same', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const faults: [unknown, string][] = [
    [undefined, 'token-malformed'],
    [{ toString: () => 'x' }, 'token-malformed'],
    ['a'.repeat(1024 * 1024), 'token-too-long'],
  ]
  for (const [token, code] of faults) {
    await expect(verifier.receiveLogout(token)).rejects.toMatchObject({ name: 'IsthmusError', code })
  }
})

test('where the keys cannot be had, the hub is asked to try again', async () => {
  await using world = await createWorld()
  world.published = undefined
  const answer = await backchannelLogout(world.verifier())(delivery(await world.logoutToken()))
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ code: 'unreachable' })
})

test('where the site cannot end its own session, the token is not used up: the next attempt succeeds', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const onLogout = vi.fn().mockRejectedValueOnce(new Error('database is down')).mockResolvedValue(undefined)
  const receive = backchannelLogout(verifier, { onLogout })
  const token = await world.logoutToken()
  const log = vi.spyOn(console, 'error').mockReturnValue()
  try {
    const failed = await receive(delivery(token))
    expect(failed.status).toBe(500)
    expect(await failed.text()).not.toContain('database')
    expect(log).toHaveBeenCalledOnce()
  } finally {
    log.mockRestore()
  }
  expect((await receive(delivery(token))).status).toBe(200)
  expect((await verifier.verify(await world.token({ aud: SITE }))).status).toBe('signed-out')
})
