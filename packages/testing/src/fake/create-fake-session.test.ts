import type { Session, Snapshot } from '@isthmus/client'
import { expect, test } from 'vitest'
import { createFakeSession } from './create-fake-session.ts'

test('it is a session: who subscribes hears the state at once, and every change until it unsubscribes', () => {
  const session = createFakeSession()
  const heard: Snapshot['status'][] = []
  const listener: Parameters<Session['subscribe']>[0] = ({ status }) => heard.push(status)
  const stop = session.subscribe(listener)
  session.setSignedIn()
  session.setSignedOut('logout')
  stop()
  session.setSignedIn()
  expect(heard).toEqual(['unknown', 'signed-in', 'signed-out'])
})

test('each subscription is one of its own, be it of the same listener', () => {
  const session = createFakeSession()
  let times = 0
  const listener = (): number => times++
  const stop = session.subscribe(listener)
  session.subscribe(listener)
  expect(session.followers).toBe(2)
  stop()
  stop()
  expect(session.followers).toBe(1)
  session.setSignedOut()
  expect(times).toBe(3)
})

test('`ready` waits for something definite: neither for loading, nor for what only a mirror says', async () => {
  const session = createFakeSession()
  let settled: Snapshot | undefined
  void session.ready.then((snapshot) => {
    settled = snapshot
  })
  session.setUnknown('loading')
  session.set({ status: 'signed-out', reason: 'none', revision: 1, stale: true })
  await Promise.resolve()
  expect(settled).toBeUndefined()
  session.setUnknown('partitioned')
  expect(await session.ready).toMatchObject({ status: 'unknown', reason: 'partitioned' })
})

test('the snapshot is the same object until something changes', () => {
  const session = createFakeSession()
  const { current } = session
  expect(session.current).toBe(current)
  session.setUnknown('timeout')
  expect(session.current).not.toBe(current)
})

test('a user who is not admitted has no claims; a doubt remembers what was said last', () => {
  const session = createFakeSession()
  session.setSignedIn({ sub: '1', name: 'Ada' })
  expect(session.current).toMatchObject({ access: 'granted', user: { sub: '1', name: 'Ada' } })
  session.setDenied('2')
  expect(session.current).toMatchObject({ access: 'denied', user: { sub: '2' } })
  session.setUnknown('unreachable')
  session.setUnknown('timeout')
  expect(session.current).toMatchObject({ reason: 'timeout', last: { status: 'signed-in', stale: true } })
})

test('every call is written down, with what it was given', async () => {
  const session = createFakeSession()
  await session.signIn({ returnTo: '/cart' })
  await session.signIn()
  await session.signOut()
  expect(await session.link()).toBe(true)
  expect(session.transfer('https://news.example/')).toBe('https://news.example/')
  expect(await session.refresh()).toBe(session.current)
  expect(session.calls).toEqual([
    { method: 'signIn', with: [{ returnTo: '/cart' }] },
    { method: 'signIn', with: [] },
    { method: 'signOut', with: [] },
    { method: 'link', with: [] },
    { method: 'transfer', with: ['https://news.example/'] },
    { method: 'refresh', with: [] },
  ])
})

test('a call fails once if the test has ordered it', async () => {
  const session = createFakeSession()
  session.failNext('signOut', new Error('no network'))
  await expect(session.signOut()).rejects.toThrow('no network')
  await expect(session.signOut()).resolves.toBeUndefined()
})

test('a destroyed session tells nothing any more', () => {
  const session = createFakeSession()
  let times = 0
  session.subscribe(() => times++)
  session.destroy()
  session.setSignedOut()
  expect(times).toBe(1)
})
