import { JWKS_CACHE_MS, JWKS_STALE_MS } from '@isthmus/protocol'
import { expect, test, vi } from 'vitest'
import { createKey, createWorld } from './token.test-world.ts'

test('a stampede is one fetch', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const tokens = await Promise.all(Array.from({ length: 200 }, (_, index) => world.token({ sid: `s${index}` })))
  const verdicts = await Promise.all(tokens.map((token) => verifier.verify(token)))
  expect(verdicts.every(({ status }) => status === 'signed-in')).toBe(true)
  expect(world.fetches()).toBe(1)
})

test('forged keys cost the hub nothing: within the cooldown there is no second fetch', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  await verifier.verify(await world.token())
  for (let round = 0; round < 50; round++) {
    const { error } = await verifier.verify(await world.token({}, {}, await createKey(`forged-${round}`)))
    expect(error?.code).toBe('token-unknown-key')
  }
  expect(world.fetches()).toBe(1)
})

test('a new key is found after the cooldown; a key that is gone opens nothing once the set was read again', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const old = await world.token()
  await verifier.verify(await world.token({ sid: 'warm' }))
  const next = await createKey('second')
  world.published = [next]
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
  try {
    expect((await verifier.verify(await world.token({}, {}, next))).status).toBe('signed-in')
    expect((await verifier.verify(old)).error?.code).toBe('token-unknown-key')
    expect(world.fetches()).toBe(2)
  } finally {
    vi.useRealTimers()
  }
})

test('a hub that fails makes the session unknown, is left in peace for a second, and is asked again', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const keys = world.published
  world.published = undefined
  const token = await world.token()
  for (let round = 0; round < 20; round++) {
    expect(await verifier.verify(token)).toMatchObject({ status: 'unknown', error: { code: 'unreachable' } })
  }
  expect(world.fetches()).toBe(1)
  world.published = keys
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1000 })
  try {
    expect((await verifier.verify(token)).status).toBe('signed-in')
  } finally {
    vi.useRealTimers()
  }
})

test('kept keys and kept verdicts carry a site through an outage of the hub', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const [first, second] = [await world.token(), await world.token({ sid: 's2' })]
  await verifier.verify(first)
  world.published = undefined
  expect((await verifier.verify(first)).status).toBe('signed-in')
  expect((await verifier.verify(second)).status).toBe('signed-in')
})

/** Lets time pass for the verifier, and for the list of keys, which has a clock of its own. */
async function later(world: Awaited<ReturnType<typeof createWorld>>, ms: number, act: () => Promise<void>) {
  world.pass(ms)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  try {
    await act()
  } finally {
    vi.useRealTimers()
  }
}

// Regression: the keys were kept for ten minutes, and what they had opened for as long as the token lived.
test('a revoked key opens nothing half a minute later, not even a token that was believed before', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  const token = await world.token()
  expect((await verifier.verify(token)).status).toBe('signed-in')
  world.published = [await createKey('second')]
  await later(world, JWKS_CACHE_MS, async () => {
    expect((await verifier.verify(token)).error?.code).toBe('token-unknown-key')
  })
})

test('a hub that is away is believed to have the same keys, for ten minutes', async () => {
  await using world = await createWorld()
  const verifier = world.verifier()
  await verifier.verify(await world.token())
  world.published = undefined
  await later(world, JWKS_STALE_MS - 1000, async () => {
    expect((await verifier.verify(await world.token({ sid: 's2' }))).status).toBe('signed-in')
    const { error } = await verifier.verify(await world.token({}, {}, await createKey('made meanwhile')))
    expect(error?.code).toBe('unreachable')
  })
  await later(world, JWKS_STALE_MS + JWKS_CACHE_MS, async () => {
    expect((await verifier.verify(await world.token({ sid: 's3' }))).error?.code).toBe('unreachable')
  })
})
