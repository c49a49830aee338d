import { expect, it } from 'vitest'
import { CUSTOMER, createWorld, type World } from './hub.test-world.ts'

/** Each world ends with a search for the secrets that it gave away. */
async function inWorld(act: (world: World, secret: string) => Promise<unknown>): Promise<void> {
  await using world = await createWorld()
  const { cookies } = await world.agent().signIn(CUSTOMER)
  await act(world, /=([\w-]{43});/.exec(cookies[0] ?? '')?.[1] ?? '')
}

it('finds nothing where nothing was told', async () => {
  await inWorld(async () => {})
})

it('finds a secret in what the hub told its program', async () => {
  await expect(inWorld(({ agent }, secret) => agent().send(`/isthmus/${secret}`))).rejects.toThrow(/A secret was told/)
})

it('finds a secret that stands in the store as it is', async () => {
  await expect(
    inWorld(({ store, now }, secret) => store.write([{ put: 'x', value: `"${secret}"`, expiresAt: now() + 1000 }])),
  ).rejects.toThrow(/A secret was told/)
})
