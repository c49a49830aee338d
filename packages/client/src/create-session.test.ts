// @vitest-environment happy-dom
import { createFakeSession, signedIn, signedOut } from '@isthmus/testing/fake'
import { afterEach, expect, test, vi } from 'vitest'
import { holdHub, OPTIONS } from './bindings/held-hub.test-world.ts'
import { createSession } from './create-session.ts'
import { keepMark } from './page/keep-mark.ts'
import type { Session } from './session.ts'

const sessions: Session[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
  Reflect.deleteProperty(document, 'prerendering')
})

function start(timeoutMs?: number): Session {
  const session = createSession({ ...OPTIONS, ...(timeoutMs !== undefined && { timeoutMs }) })
  sessions.push(session)
  return session
}

// Regression: a listener that had subscribed twice was one entry, and the first to leave took the other along.
test('subscribing twice is two subscriptions', async () => {
  holdHub()
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const session = start(20)
  const listener = vi.fn()
  const stop = session.subscribe(listener)
  session.subscribe(listener)
  stop()
  stop()
  expect(listener).toHaveBeenCalledTimes(2)
  await session.ready
  expect(listener).toHaveBeenCalledTimes(3)
})

// Regression: the first answer of a page that was only prerendered was `timeout`.
test('a page that is prerendered asks nothing before it is shown', () => {
  const frames = holdHub()
  Object.defineProperty(document, 'prerendering', { value: true, configurable: true })
  start()
  expect(frames()).toHaveLength(0)
  document.dispatchEvent(new Event('prerenderingchange'))
  expect(frames()).toHaveLength(1)
})

test('the frame stands outside the body, which page loaders swap', () => {
  holdHub()
  start()
  const before = document.body
  const frame = document.querySelector('iframe')
  expect(frame?.parentElement).toBe(document.documentElement)
  document.body.replaceWith(document.createElement('body'))
  expect(frame?.isConnected).toBe(true)
  document.body.replaceWith(before)
})

test.each(['https://auth.example.com/path', 'auth.example.com', 'http://auth.example.com', ''])(
  'a hub that is no origin is named in one sentence: %o',
  (hub) => {
    expect(() => createSession({ hub })).toThrow(
      `hub must be an origin such as "https://auth.example.com", not "${hub}".`,
    )
  },
)

// Regression: page loaders drop the attribute with the former page, and CSS hid what members may see.
test('the mark of the script tag is set again when a page loader drops it', async () => {
  const session = createFakeSession(signedIn())
  keepMark(session)
  const root = document.documentElement
  expect(root.dataset.isthmus).toBe('signed-in')
  delete root.dataset.isthmus
  await vi.waitFor(() => expect(root.dataset.isthmus).toBe('signed-in'))
  session.set(signedOut('logout'))
  root.dataset.isthmus = 'signed-in'
  await vi.waitFor(() => expect(root.dataset.isthmus).toBe('signed-out'))
})
