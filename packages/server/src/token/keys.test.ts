import { JWKS_CACHE_MS, KEY_LEAD_MS, KEY_LIFETIME_MS, KEYS_FRESH_MS, TOKEN_LIFETIME_MS } from '@isthmus/protocol'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { createTokenKeys, type TokenKeys } from './keys.ts'

const START = Date.UTC(2030, 0, 1)

interface Clocked {
  readonly store: Store
  readonly pass: (ms: number) => void
  readonly server: (skewMs?: number) => TokenKeys
}

function clocked(): Clocked {
  let now = START
  const clock = (): number => now
  const store = memoryStore({ clock })
  return {
    store,
    pass(ms) {
      now += ms
    },
    server: (skewMs = 0) => createTokenKeys({ store, clock: () => now + skewMs }),
  }
}

const kidOf = (token: string): unknown => decodeProtectedHeader(token).kid
const kidsOf = async (keys: TokenKeys): Promise<string[]> => (await keys.published()).map(({ kid }) => kid)

async function verifies(token: string, keys: Awaited<ReturnType<TokenKeys['published']>>): Promise<boolean> {
  const set = createLocalJWKSet({ keys: [...keys] })
  return jwtVerify(token, set, { currentDate: new Date(START) }).then(
    () => true,
    () => false,
  )
}

describe('the keys of a hub', () => {
  it('are not made before they are needed', async () => {
    const { server, store } = clocked()
    const keys = server()
    expect(await store.keys('')).toEqual([])
    await keys.sign('JWT', {})
    expect(await store.keys('')).toEqual(['token/keys'])
  })

  it('are published without their private half', async () => {
    const keys = clocked().server()
    expect(await keys.published()).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.stringMatching(/^[\w-]{43}$/),
        y: expect.stringMatching(/^[\w-]{43}$/),
        kid: expect.stringMatching(/^[\w-]{43}$/),
        alg: 'ES256',
        use: 'sig',
      },
    ])
  })

  it('sign ES256 with type and key id in the header', async () => {
    const keys = clocked().server()
    const [published] = await keys.published()
    for (const typ of ['JWT', 'logout+jwt'] as const) {
      const token = await keys.sign(typ, { sub: 'customer' })
      expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ, kid: published?.kid })
      expect(await verifies(token, await keys.published())).toBe(true)
    }
  })

  it('are one for all servers of the store, though all of them begin at once', async () => {
    const { server } = clocked()
    const tokens = await Promise.all(Array.from({ length: 16 }, () => server().sign('JWT', {})))
    expect(new Set(tokens.map(kidOf)).size).toBe(1)
  })

  it('outlive a restart', async () => {
    const { server, pass } = clocked()
    const token = await server().sign('JWT', {})
    pass(KEY_LIFETIME_MS / 2)
    expect(kidOf(await server().sign('JWT', {}))).toBe(kidOf(token))
  })

  it('are read again by a server that knows an older list', async () => {
    const { server, store, pass } = clocked()
    const keys = server()
    const before = await kidsOf(keys)
    await store.write([{ delete: 'token/keys' }])
    expect(await kidsOf(keys)).toEqual(before)
    pass(KEYS_FRESH_MS)
    expect(await kidsOf(keys)).not.toEqual(before)
  })

  it('go on signing while the store fails', async () => {
    const { store, pass } = clocked()
    let now = START
    let failing = false
    const get: Store['get'] = (key) => (failing ? Promise.reject(new Error('the disk is gone')) : store.get(key))
    const keys = createTokenKeys({ store: { ...store, get }, clock: () => now })
    failing = true
    await expect(keys.sign('JWT', {})).rejects.toThrow('the disk is gone')
    failing = false
    const token = await keys.sign('JWT', {})
    failing = true
    now += 2 * KEYS_FRESH_MS
    pass(0)
    expect(kidOf(await keys.sign('JWT', {}))).toBe(kidOf(token))
  })
})

describe('rotation', () => {
  it('leaves no gap: whatever is signed verifies with any list that may still be in a cache, for as long as a token lives', async () => {
    const { server, pass } = clocked()
    // Two servers whose clocks differ by a minute, and sites that read the keys of either.
    const servers = [server(), server(60_000)]
    const lists: { at: number; kids: string[] }[] = []
    const tokens: { at: number; kid: unknown }[] = []
    const kids = new Set<unknown>()
    for (const keys of servers) await keys.sign('JWT', {})
    // The quiet month is passed over; its end is walked through.
    let now = KEY_LIFETIME_MS - 2 * KEY_LEAD_MS
    pass(now)
    for (const stepMs = TOKEN_LIFETIME_MS / 4; now < KEY_LIFETIME_MS + 4 * KEY_LEAD_MS; now += stepMs, pass(stepMs)) {
      for (const keys of servers) {
        lists.push({ at: now, kids: await kidsOf(keys) })
        tokens.push({ at: now, kid: kidOf(await keys.sign('JWT', {})) })
      }
      for (const { kid } of tokens.filter(({ at }) => now - at <= TOKEN_LIFETIME_MS)) {
        kids.add(kid)
        for (const list of lists.filter(({ at }) => now - at <= JWKS_CACHE_MS)) expect(list.kids).toContain(kid)
      }
    }
    expect(kids.size).toBe(2)
  })

  it('publishes the next key before it signs, and takes the old one away when its tokens are gone', async () => {
    const { server, pass } = clocked()
    const keys = server()
    const [first] = await kidsOf(keys)
    pass(KEY_LIFETIME_MS - KEY_LEAD_MS - 1)
    expect(await kidsOf(keys)).toEqual([first])
    pass(KEYS_FRESH_MS)
    const [, second] = await kidsOf(keys)
    expect(await kidsOf(keys)).toEqual([first, second])
    expect(kidOf(await keys.sign('JWT', {}))).toBe(first)
    pass(KEY_LEAD_MS - 1)
    expect(kidOf(await keys.sign('JWT', {}))).toBe(first)
    pass(1)
    const token = await keys.sign('JWT', {})
    expect(kidOf(token)).toBe(second)
    expect(await verifies(token, await keys.published())).toBe(true)
    pass(TOKEN_LIFETIME_MS)
    expect(await kidsOf(keys)).toEqual([first, second])
    pass(KEY_LEAD_MS)
    expect(await kidsOf(keys)).toEqual([second])
  })

  it('deletes a dead private key from the store with the next rotation', async () => {
    const { server, store, pass } = clocked()
    const keys = server()
    const [first] = await kidsOf(keys)
    pass(KEY_LIFETIME_MS)
    await keys.sign('JWT', {})
    pass(KEY_LIFETIME_MS)
    await keys.sign('JWT', {})
    expect((await store.get('token/keys'))?.value).not.toContain(first)
  })

  it('happens once, whichever of many servers notices', async () => {
    const { server, pass } = clocked()
    await server().sign('JWT', {})
    pass(KEY_LIFETIME_MS)
    const lists = await Promise.all(Array.from({ length: 8 }, () => kidsOf(server())))
    expect(new Set(lists.map((list) => list.join())).size).toBe(1)
    expect(lists[0]).toHaveLength(2)
  })

  it('waits for whoever slept through it: the old key goes on until the new one was published for long enough', async () => {
    const { server, pass } = clocked()
    const keys = server()
    const [first] = await kidsOf(keys)
    pass(KEY_LIFETIME_MS + KEY_LIFETIME_MS / 2)
    expect(kidOf(await keys.sign('JWT', {}))).toBe(first)
    pass(KEY_LEAD_MS)
    expect(kidOf(await keys.sign('JWT', {}))).not.toBe(first)
  })

  it('begins anew after a hub was off for longer than its keys are kept', async () => {
    const { server, pass } = clocked()
    const [first] = await kidsOf(server())
    pass(3 * KEY_LIFETIME_MS)
    const keys = server()
    const token = await keys.sign('JWT', {})
    expect(await kidsOf(keys)).toEqual([kidOf(token)])
    expect(kidOf(token)).not.toBe(first)
  })
})

describe('keys in the hands of an operator', () => {
  it('are rotated ahead of their time, by a key that was published before it signs', async () => {
    const { server, pass } = clocked()
    const keys = server()
    const [first] = await kidsOf(keys)
    const next = await keys.rotate()
    expect(next).toEqual({ kid: expect.any(String), signsFrom: START + KEY_LEAD_MS, sealed: false })
    // It is the one that is meant until it signs.
    expect(await server().rotate()).toEqual(next)
    expect(await kidsOf(server())).toEqual([first, next.kid])
    expect(kidOf(await keys.sign('JWT', {}))).toBe(first)
    pass(KEY_LEAD_MS)
    expect(kidOf(await keys.sign('JWT', {}))).toBe(next.kid)
  })

  it('are thrown away: the key waiting next signs at once, or else a new one', async () => {
    const { server } = clocked()
    const keys = server()
    const [first = ''] = await kidsOf(keys)
    const next = await keys.rotate()
    expect(await keys.revoke(first)).toBe(true)
    expect(await kidsOf(keys)).toEqual([next.kid])
    expect(kidOf(await keys.sign('JWT', {}))).toBe(next.kid)
    expect(await keys.revoke(next.kid)).toBe(true)
    const [last] = await kidsOf(server())
    expect([first, next.kid]).not.toContain(last)
    expect(kidOf(await server().sign('JWT', {}))).toBe(last)
    expect(await keys.revoke('nothing')).toBe(false)
    expect(await keys.list()).toEqual([{ kid: last, signsFrom: START, sealed: false }])
  })
})
