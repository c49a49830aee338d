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
