// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { createFakeSession, signedIn, signedOut, unknown } from '@isthmus/testing/fake'
import { cleanup, fireEvent, render, screen } from '@testing-library/svelte'
import { hydrate, tick, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { holdHub, listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import App from './app.test-page.svelte'
import Menu from './menu.test-page.svelte'

let said: () => string[]
beforeEach(() => {
  said = listenToConsole()
})
afterEach(cleanup)

const text = (element: Element = document.body): string => element.textContent?.trim() ?? ''

test('follows the session as runes and as a store, acts on it, and lets go of it', async () => {
  const session = createFakeSession()
  const { unmount } = render(App, { session })
  expect(text()).toBe('unknown: loading')
  session.set(signedIn({ name: 'Ada' }))
  await tick()
  await fireEvent.click(screen.getByRole('button', { name: 'Ada' }))
  await tick()
  expect(text()).toBe('signed-out: logout')
  expect(session.calls).toEqual([{ act: 'signOut', args: [] }])
  unmount()
  expect(session.listeners).toBe(0)
  expect(session.calls).toHaveLength(1)
  expect(said()).toEqual([])
})

test('options begin one session, and end it with the component', async () => {
  const begun = holdHub()
  const { unmount } = render(App, { session: OPTIONS })
  await vi.waitFor(() => expect(begun()).toEqual([{ ended: false }]))
  unmount()
  expect(begun()).toEqual([{ ended: true }])
})

test('wrong options: one sentence in the console, and the page stays', () => {
  render(App, { session: { hub: 'nowhere' } })
  expect(text()).toBe('unknown: loading')
  expect(said()).toEqual([expect.stringMatching(/^isthmus: .*hub must be an origin/)])
})

test('without setSession: one sentence with the cure, and an unknown session', () => {
  render(Menu)
  expect(text()).toBe('unknown: loading')
  expect(said()).toEqual(['isthmus: no session here; call setSession in the root component (+layout.svelte).'])
})

test('two sessions: the first one holds, the second one begins nothing and says so', async () => {
  const begun = holdHub()
  render(App, { session: createFakeSession(signedOut('idle')), second: OPTIONS })
  await tick()
  expect(text()).toBe('signed-out: idle')
  expect(said()).toEqual([expect.stringContaining('the second one does nothing, remove it')])
  expect(begun()).toEqual([])
})

describe('a page that the server rendered', () => {
  const initial = { status: 'signed-in', user: { sub: 'u1', name: 'Ada' } } as const

  // server.test.ts holds these files to what svelte/server renders.
  test.each([
    ['signed-in', 'Ada', initial],
    ['unknown', 'unknown: loading', undefined],
  ])('hydrates %s without a warning, although the session knows better by then', async (name, rendered, verdict) => {
    const session = createFakeSession(signedIn({ name: 'Grace' }))
    const root = document.createElement('div')
    root.innerHTML = readFileSync(`${import.meta.dirname}/${name}.test-page.html`, 'utf8')
    expect(text(root)).toBe(rendered)
    const main = root.querySelector('main')
    const page = hydrate(App, { target: root, props: { session, initial: verdict } })
    await tick()
    expect(text(root)).toBe('Grace')
    expect(root.querySelector('main')).toBe(main)
    expect(said()).toEqual([])
    await unmount(page)
    expect(session.listeners).toBe(0)
  })

  test('shows it until the session knows anything itself: nothing flickers', async () => {
    const session = createFakeSession()
    render(App, { session, initial })
    await tick()
    expect(text()).toBe('Ada')
    session.set(unknown('timeout'))
    await tick()
    expect(text()).toBe('unknown: timeout')
  })
})
