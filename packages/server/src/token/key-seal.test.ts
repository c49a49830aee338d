import { randomBytes } from 'node:crypto'
import { KEY_LEAD_MS, KEYS_FRESH_MS } from '@isthmus/protocol'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createWorld } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import { type KeySeal, sealWith } from './key-seal.ts'
import { createTokenKeys, type TokenKeys } from './keys.ts'

const START = Date.UTC(2030, 0, 1)
const createSealSecret = (): string => randomBytes(32).toString('base64')

async function verifies(keys: TokenKeys): Promise<boolean> {
  const token = await keys.sign('JWT', {})
  const set = createLocalJWKSet({ keys: [...(await keys.published())] })
  return jwtVerify(token, set).then(
    () => true,
    () => false,
  )
}

function sealedWorld() {
  let now = START
  const clock = (): number => now
  const store = memoryStore({ clock })
  return {
    store,
    pass(ms: number) {
      now += ms
    },
    server: (keySeal?: KeySeal) => createTokenKeys({ store, clock, keySeal }),
    stored: async () => (await store.get('token/keys'))?.value ?? '',
  }
}

describe('a sealed signing key', () => {
  it('stands in the store without its private half, signs, and outlives a restart', async () => {
    const { server, stored } = sealedWorld()
    const secret = createSealSecret()
    const keys = server(sealWith([secret]))
    expect(await verifies(keys)).toBe(true)
    expect(await keys.list()).toMatchObject([{ sealed: true }])
    const text = await stored()
    expect(text).not.toMatch(/"d"|privateJwk/)
    expect(text).not.toContain(secret)
    const restarted = server(sealWith([secret]))
    await restarted.check()
    expect(await verifies(restarted)).toBe(true)
    expect(await restarted.published()).toEqual(await keys.published())
  })

  it('is made of one that was stored without a seal, under the same name', async () => {
    const { server, stored } = sealedWorld()
    const [{ kid, sealed } = { kid: '', sealed: true }] = await server().list()
    expect(sealed).toBe(false)
    const keys = server(sealWith([createSealSecret()]))
    expect(await keys.list()).toMatchObject([{ kid, sealed: true }])
    expect(await stored()).not.toMatch(/"d"|privateJwk/)
    expect(await verifies(keys)).toBe(true)
  })

  it('is sealed anew under a new secret, while servers that have both go on', async () => {
    const { server, pass } = sealedWorld()
    const [old, next] = [createSealSecret(), createSealSecret()]
    const before = server(sealWith([old]))
    await before.sign('JWT', {})
    const during = server(sealWith([next, old]))
    expect(await verifies(during)).toBe(true)
    pass(KEYS_FRESH_MS)
    expect(await verifies(before)).toBe(true)
    const after = server(sealWith([next]))
    await after.check()
    expect(await verifies(after)).toBe(true)
  })

  it('opens for nothing but its secret and its name: the start says so', async () => {
    const { server, store, stored } = sealedWorld()
    const secret = createSealSecret()
    const keys = server(sealWith([secret]))
    await keys.sign('JWT', {})
    for (const other of [undefined, sealWith([createSealSecret()])]) {
      await expect(server(other).check()).rejects.toThrow(/^createHub: keySeal does not open the signing keys/)
      await expect(server(other).sign('JWT', {})).rejects.toThrow()
    }
    const [key] = JSON.parse(await stored())
    const tag = key.sealed.at(-1) === 'A' ? 'Q' : 'A'
    for (const moved of [
      { ...key, kid: 'another' },
      { ...key, sealed: key.sealed.slice(0, -1) + tag },
    ]) {
      const value = JSON.stringify([moved])
      await store.write([{ put: 'token/keys', value, expiresAt: START + 1e9 }])
      await expect(server(sealWith([secret])).check()).rejects.toThrow(/keySeal does not open/)
    }
  })

  it('asks a key management service to open each key once, and again after it failed', async () => {
    const { server } = sealedWorld()
    const inner = sealWith([createSealSecret()])
    await server(inner).sign('JWT', {})
    let asked = 0
    const service: KeySeal = {
      seal: inner.seal,
      async open(text, kid) {
        if (++asked === 1) throw new Error('the service is away')
        return inner.open(text, kid)
      },
    }
    const keys = server(service)
    await expect(keys.sign('JWT', {})).rejects.toThrow('the service is away')
    for (let round = 0; round < 3; round++) await keys.sign('JWT', {})
    expect(asked).toBe(2)
  })

  it('is rotated and revoked sealed', async () => {
    const { server, pass, stored } = sealedWorld()
    const keys = server(sealWith([createSealSecret()]))
    const [first] = await keys.list()
    await keys.rotate()
    pass(KEY_LEAD_MS)
    expect(await keys.revoke(first?.kid ?? '')).toBe(true)
    expect(await keys.list()).toMatchObject([{ sealed: true }])
    expect(await stored()).not.toMatch(/"d"|privateJwk/)
    expect(await verifies(keys)).toBe(true)
  })
})

describe('the option keySeal', () => {
  it('is a secret, a list of them, or an object, and names the cure for anything else', async () => {
    for (const keySeal of [
      createSealSecret(),
      [createSealSecret(), createSealSecret()],
      sealWith([createSealSecret()]),
    ]) {
      await using _ = await createWorld({ keySeal })
    }
    for (const keySeal of ['password', [], ['password'], '', {}, 7]) {
      await expect(createWorld({ keySeal: keySeal as string })).rejects.toThrow(
        /^createHub: keySeal needs 32 random bytes in base64 \("openssl rand -base64 32"\)/,
      )
    }
  })

  it('stops a hub whose store was sealed by another secret', async () => {
    const store = memoryStore()
    await using world = await createWorld({ store, keySeal: createSealSecret() })
    await world.hub.keys.list()
    await expect(createWorld({ store })).rejects.toThrow(/keySeal does not open the signing keys in the store/)
  })
})
