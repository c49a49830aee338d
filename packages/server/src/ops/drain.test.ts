import { ENDPOINTS } from '@isthmus/protocol'
import { expect, it, vi } from 'vitest'
import { CUSTOMER, createWorld, problemOf, SHOP } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'

it('a hub that drains ends its streams with a time to come back, and leads requests elsewhere', async () => {
  await using world = await createWorld()
  const denied: unknown[] = []
  const failed: unknown[] = []
  world.hub.on('denied', (event) => denied.push(event))
  world.hub.on('error', (event) => failed.push(event))
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  const stream = await browser.call('events', SHOP)
  expect((await browser.send(ENDPOINTS.readyz.path)).status).toBe(200)

  await world.hub.drain()
  const told = await stream.text()
  expect(told).toMatch(/retry: \d+\n\n$/)
  expect(told).not.toContain('signed-out')
  for (const name of ['session', 'signOut', 'events', 'registerVisit'] as const) {
    const answer = await browser.call(name, SHOP)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await problemOf(answer)).toMatchObject({ status: 503, error: 'unreachable' })
  }
  const ready = await browser.send(ENDPOINTS.readyz.path)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }])
  expect((await browser.send(ENDPOINTS.livez.path)).status).toBe(200)
  expect((await browser.send(ENDPOINTS.healthz.path)).status).toBe(200)
  // What it does on purpose is nobody's fault.
  expect([denied, failed]).toEqual([[], []])
  expect(await world.hub.sessions.list('customer')).toHaveLength(1)
})

it('requests under way are answered before it is done, unless they take longer than the grace', async () => {
  const store = memoryStore()
  let isHeld = false
  let release: (() => void) | undefined
  const waiting = (): boolean => release !== undefined
  const letGo = (): void => {
    isHeld = false
    release?.()
    release = undefined
  }
  const held: typeof store = {
    ...store,
    async write(steps) {
      if (isHeld) {
        await new Promise<void>((resolve) => {
          release = resolve
        })
      }
      return store.write(steps)
    },
  }
  await using world = await createWorld({ store: held })
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  isHeld = true
  const answer = browser.call('signOut', SHOP)
  // It has been let in, and waits for the store.
  await vi.waitFor(() => expect(waiting()).toBe(true))
  let isDone = false
  const drained = world.hub.drain(1000).then(() => {
    isDone = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(isDone).toBe(false)
  letGo()
  expect((await answer).status).toBe(200)
  await drained

  // Again, with one that does not end.
  await using other = await createWorld({ store: held })
  const slow = other.agent()
  await slow.signIn(CUSTOMER)
  isHeld = true
  const late = slow.call('signOut', SHOP)
  await vi.waitFor(() => expect(waiting()).toBe(true))
  const given = other.hub.drain(1000)
  other.pass(1000)
  await given
  letGo()
  expect((await late).status).toBe(200)
})
