// @vitest-environment happy-dom
import { createFakeSession, denied, type FakeSession, signedIn, signedOut, unknown } from '@isthmus/testing/fake'
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { type ReactNode, StrictMode, Suspense, use } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { holdHub, listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import {
  IsthmusProvider,
  SignedIn,
  SignedOut,
  Unknown,
  type UsedSession,
  useRequireSession,
  useSession,
} from './index.ts'

let said: () => string[]
beforeEach(() => {
  said = listenToConsole()
})
afterEach(cleanup)

function Menu(): ReactNode {
  const { current, signOut } = useSession()
  return (
    <nav>
      <output>{current.status}</output>
      <SignedIn denied="not admitted">
        {({ user }) => (
          <button type="button" onClick={() => void signOut()}>
            {String(user.name)}
          </button>
        )}
      </SignedIn>
      <SignedOut>{({ reason }) => `out: ${reason}`}</SignedOut>
      <Unknown>{({ reason }) => `unknown: ${reason}`}</Unknown>
    </nav>
  )
}

function Reader({ onUse }: { onUse: (session: UsedSession) => void }): ReactNode {
  const session = useSession()
  onUse(session)
  return session.current.status
}

function Members(): ReactNode {
  return useRequireSession()?.user.sub ?? 'waiting'
}

function Ready(): ReactNode {
  return use(useSession().ready).status
}

const text = (): string | null => document.body.textContent

test('follows the session, acts on it, and lets go of it', async () => {
  const session = createFakeSession()
  const { unmount } = render(
    <StrictMode>
      <IsthmusProvider session={session}>
        <Menu />
      </IsthmusProvider>
    </StrictMode>,
  )
  expect(text()).toBe('unknownunknown: loading')
  act(() => session.set(signedIn({ name: 'Ada' })))
  expect(text()).toBe('signed-inAda')
  act(() => session.set(denied()))
  expect(text()).toBe('signed-innot admitted')
  act(() => session.set(unknown('timeout')))
  expect(text()).toBe('unknownunknown: timeout')
  act(() => session.set(signedIn({ name: 'Grace' })))
  await act(async () => void fireEvent.click(screen.getByRole('button')))
  expect(text()).toBe('signed-outout: logout')
  unmount()
  expect(session.listeners).toBe(0)
  expect(session.calls).toEqual([{ act: 'signOut', args: [] }])
  expect(said()).toEqual([])
})

test('gives the same object until something changes', () => {
  const session = createFakeSession(signedIn())
  const used = new Set<unknown>()
  const app = (): ReactNode => (
    <IsthmusProvider session={session}>
      <Reader onUse={(session) => used.add(session)} />
    </IsthmusProvider>
  )
  const { rerender } = render(app())
  rerender(app())
  act(() => session.set(session.current))
  expect(used.size).toBe(1)
  act(() => session.set(signedOut()))
  expect(used.size).toBe(2)
})

describe('a provider with options', () => {
  test('begins one session under StrictMode, not two of which the first takes the ticket along', async () => {
    const begun = holdHub()
    // As the outermost element: elsewhere StrictMode does not run effects twice.
    const app = (): ReactNode => (
      <StrictMode>
        <IsthmusProvider session={{ ...OPTIONS }}>
          <Menu />
        </IsthmusProvider>
      </StrictMode>
    )
    const { unmount, rerender } = render(app())
    rerender(app())
    await act(async () => {})
    expect(begun()).toEqual([{ ended: false }])
    unmount()
    await vi.waitFor(() => expect(begun()).toEqual([{ ended: true }]))
    expect(said()).toEqual([])
  })

  test('begins anew with another key', async () => {
    const begun = holdHub()
    const app = (key: string): ReactNode => <IsthmusProvider key={key} session={OPTIONS} />
    const { rerender } = render(app('a'))
    rerender(app('b'))
    await vi.waitFor(() => expect(begun()).toEqual([{ ended: true }, { ended: false }]))
  })

  test('says what is wrong with them, and breaks no page', () => {
    render(
      <IsthmusProvider session={{ hub: 'auth.example.com/login' }}>
        <Menu />
      </IsthmusProvider>,
    )
    expect(text()).toBe('unknownunknown: loading')
    expect(said()).toEqual([expect.stringMatching(/^isthmus: .*hub must be an origin/)])
  })
})

test('without a provider: one sentence with the cure, an unknown session, and acts that reject', async () => {
  let used: UsedSession | undefined
  render(<Reader onUse={(session) => (used = session)} />)
  expect(text()).toBe('unknown')
  expect(said()).toEqual(['isthmus: no session here; wrap the app in <IsthmusProvider session={…}>.'])
  await expect(used?.signIn()).rejects.toThrow('wrap the app in <IsthmusProvider')
})

test('two providers: the outer one holds, the inner one begins nothing and says so', async () => {
  const begun = holdHub()
  render(
    <IsthmusProvider session={createFakeSession(signedIn({ name: 'Ada' }))}>
      <IsthmusProvider session={OPTIONS}>
        <Menu />
      </IsthmusProvider>
    </IsthmusProvider>,
  )
  expect(text()).toBe('signed-inAda')
  expect(said()).toEqual([expect.stringContaining('inside another one and does nothing; remove it')])
  expect(begun()).toEqual([])
})

describe('useRequireSession', () => {
  beforeEach(() => sessionStorage.clear())

  const members = (session: FakeSession): ReactNode => (
    <IsthmusProvider session={session}>
      <Members />
    </IsthmusProvider>
  )

  test('leads to the login page once, however many components require a user', () => {
    const session = createFakeSession()
    render(
      <StrictMode>
        <IsthmusProvider session={session}>
          <Members />
          <Members />
        </IsthmusProvider>
      </StrictMode>,
    )
    for (const snapshot of [unknown('timeout'), { ...signedOut(), stale: true }, denied('eve')]) {
      act(() => session.set(snapshot))
      expect(session.calls).toEqual([])
    }
    expect(text()).toBe('eveeve')
    act(() => session.set(signedOut()))
    expect(text()).toBe('waitingwaiting')
    expect(session.calls).toEqual([{ act: 'signIn', args: [] }])
    act(() => session.set(signedIn()))
    act(() => session.set(signedOut('expired')))
    expect(session.calls).toHaveLength(2)
  })

  // It led away at every load: a login page that returns at once, or the back button, never let the user see the page.
  test('a user who comes back without having signed in stays; after a sign-in it leads away again', () => {
    const first = createFakeSession(signedOut())
    render(members(first)).unmount()
    expect(first.calls).toHaveLength(1)
    const next = createFakeSession(signedOut())
    render(members(next))
    expect(next.calls).toEqual([])
    act(() => next.set(signedIn()))
    act(() => next.set(signedOut('logout')))
    expect(next.calls).toEqual([{ act: 'signIn', args: [] }])
  })

  test('leads away where only a visit of the hub can tell, but not from a tab that cannot remember it', () => {
    const session = createFakeSession()
    render(members(session))
    vi.stubGlobal('sessionStorage', undefined)
    act(() => session.set(unknown('partitioned')))
    expect(session.calls).toEqual([])
    vi.unstubAllGlobals()
    act(() => session.set(unknown('partitioned')))
    expect(session.calls).toEqual([{ act: 'signIn', args: [] }])
  })

  test('says so when the login page cannot be reached', async () => {
    const session = createFakeSession(signedOut())
    vi.spyOn(session, 'signIn').mockRejectedValue(new Error('unreachable'))
    render(
      <IsthmusProvider session={session}>
        <Members />
      </IsthmusProvider>,
    )
    await vi.waitFor(() => expect(said()).toEqual(['isthmus: the login page cannot be reached. Error: unreachable']))
  })
})

describe('a page that the server rendered', () => {
  const verdict = { status: 'signed-in', sid: 's1', user: { sub: 'u1', name: 'Ada' }, expiresAt: 1 } as const

  test.each([
    ['what the back end knows', verdict, 'signed-in<!-- -->', 'Ada'],
    ['nothing known', undefined, 'unknown', 'loading'],
    ['signed out at the back end', { status: 'signed-out' } as const, 'signed-out', 'out: none'],
  ])('hydrates without a warning, although the session knows better by then: %s', async (_, initial, ...rendered) => {
    const session = createFakeSession(signedIn({ name: 'Grace' }))
    const app = (
      <StrictMode>
        <IsthmusProvider session={session} initial={initial}>
          <Menu />
        </IsthmusProvider>
      </StrictMode>
    )
    const root = document.createElement('div')
    root.innerHTML = renderToString(app)
    expect(root.textContent).toContain(rendered.at(-1))
    const onRecoverableError = vi.fn()
    const hydrated = await act(async () => hydrateRoot(root, app, { onRecoverableError }))
    expect(root.textContent).toBe('signed-inGrace')
    expect(onRecoverableError).not.toHaveBeenCalled()
    expect(said()).toEqual([])
    act(() => hydrated.unmount())
  })

  test('shows it until the session knows anything itself: nothing flickers', () => {
    const session = createFakeSession()
    render(
      <IsthmusProvider session={session} initial={verdict}>
        <Menu />
      </IsthmusProvider>,
    )
    expect(text()).toBe('signed-inAda')
    act(() => session.set(unknown('unreachable')))
    expect(text()).toBe('unknownunknown: unreachable')
  })
})

test('`ready` suspends until the hub has answered', async () => {
  const begun = holdHub()
  const session = createFakeSession()
  const app = (given: typeof session | typeof OPTIONS): ReactNode => (
    <StrictMode>
      <IsthmusProvider session={given}>
        <Suspense fallback="waiting">
          <Ready />
        </Suspense>
      </IsthmusProvider>
    </StrictMode>
  )
  const { rerender } = await act(async () => render(app(OPTIONS)))
  expect(text()).toBe('waiting')
  expect(begun()).toEqual([{ ended: false }])
  await act(async () => rerender(app(session)))
  expect(text()).toBe('waiting')
  await act(async () => session.set(signedOut()))
  expect(text()).toBe('signed-out')
})
