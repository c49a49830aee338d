import type { Snapshot } from '@isthmus/client'
import { siteStateSchema } from '@isthmus/protocol'
import { expect, test, vi } from 'vitest'
import { createFakeSession, denied, signedIn, signedOut, unknown } from './index.ts'

test('starts as every page does, and shows what it is set to', () => {
  const session = createFakeSession()
  expect(session.current).toEqual({ status: 'unknown', reason: 'loading', stale: false })
  const seen: Snapshot[] = []
  const stop = session.subscribe((snapshot) => seen.push(snapshot))
  const ada = signedIn({ name: 'Ada' })
  session.set(ada)
  stop()
  session.set(signedOut())
  expect(seen).toEqual([unknown(), ada])
  expect(session.current).toEqual(signedOut())
})

test('a function that subscribes twice is called twice, and stops twice', () => {
  const session = createFakeSession()
  const listener = vi.fn()
  const stops = [session.subscribe(listener), session.subscribe(listener)]
  listener.mockClear()
  session.set(signedIn())
  expect(listener).toHaveBeenCalledTimes(2)
  stops[0]?.()
  expect(session.listeners).toBe(1)
  stops[1]?.()
  expect(session.listeners).toBe(0)
})

test('is ready with the first snapshot that is not loading', async () => {
  const session = createFakeSession()
  const ready = vi.fn()
  const settled = session.ready.then(ready)
  session.set(unknown('loading'))
  await Promise.resolve()
  expect(ready).not.toHaveBeenCalled()
  session.set(unknown('timeout'))
  session.set(signedIn())
  await settled
  expect(ready).toHaveBeenCalledWith(unknown('timeout'))
  await expect(createFakeSession(signedOut()).ready).resolves.toEqual(signedOut())
})

test('records every call; signing out signs out', async () => {
  const session = createFakeSession(signedIn())
  await session.signIn({ returnTo: '/cart' })
  await session.link()
  expect(session.current.status).toBe('signed-in')
  expect(session.transfer('https://b.example/')).toBe('https://b.example/')
  expect(await session.refresh()).toBe(session.current)
  expect(await session.extend()).toBe(session.current)
  expect((await session.diagnose()).findings).toEqual([])
  await session.signOut()
  session.destroy()
  expect(session.current).toEqual(signedOut('logout'))
  expect(session.calls).toEqual([
    { act: 'signIn', args: [{ returnTo: '/cart' }] },
    { act: 'link', args: [] },
    { act: 'transfer', args: ['https://b.example/'] },
    { act: 'refresh', args: [] },
    { act: 'extend', args: [] },
    { act: 'diagnose', args: [] },
    { act: 'signOut', args: [] },
    { act: 'destroy', args: [] },
  ])
})

test.each([signedIn({ role: 'admin' }), denied(), signedOut('idle')])(
  'a hub could have said %j',
  ({ stale, ...state }) => {
    expect(stale).toBe(false)
    expect(siteStateSchema.parse(state)).toEqual(state)
  },
)
