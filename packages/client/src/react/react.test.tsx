import { createFakeSession, type FakeSession } from '@isthmus/testing/fake'
import { act, cleanup, render } from '@testing-library/react'
import { type ReactNode, StrictMode, Suspense } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions, Snapshot } from '../index.ts'
import { SessionProvider, SignedIn, SignedOut, Unknown, useReady, useRequireSession, useSession } from './index.ts'

const made: FakeSession[] = []
const asked: SessionOptions[] = []

vi.mock(import('../index.ts'), async (original) => ({
  ...(await original()),
  createSession(options: SessionOptions): Session {
    if (!options.hub.startsWith('https://')) throw new Error('createSession: hub must be an origin.')
    asked.push(options)
    const session = createFakeSession()
    made.push(session)
    return session
  },
}))

const VERDICT: Snapshot = {
  status: 'signed-in',
  access: 'granted',
  user: { sub: '1', name: 'Ada' },
  sid: 's',
  expiresAt: 2,
  idleExpiresAt: 1,
  revision: 1,
  stale: true,
}

/** What the console was told: warnings of React, of hydration above all, and sentences of ours. */
const complaints: string[] = []

beforeEach(() => {
  const note = (...said: unknown[]): void => void complaints.push(said.map(String).join(' '))
  vi.spyOn(console, 'error').mockImplementation(note)
  vi.spyOn(console, 'warn').mockImplementation(note)
  sessionStorage.clear()
})

afterEach(async () => {
  cleanup()
  // Sessions that were made from options end a turn after the last component has let go.
  await vi.waitFor(() => expect(made.every(isDestroyed)).toBe(true))
  made.length = 0
  asked.length = 0
  complaints.length = 0
  rendered.length = 0
})

function isDestroyed({ calls }: FakeSession): boolean {
  return calls.some(({ method }) => method === 'destroy')
}

function Status(): ReactNode {
  const { snapshot } = useSession()
  return snapshot.status
}

function Button(): ReactNode {
  const view = useSession()
  return (
    <button type="button" onClick={() => view.session.signOut()}>
      Sign out
    </button>
  )
}

function Definite(): ReactNode {
  return `definite: ${useReady().status}`
}

function Members(): ReactNode {
  const user = useRequireSession()?.user
  return user ? `Members: ${user.name}` : 'members only'
}

/** Notes every state that was rendered. */
function Watch(): ReactNode {
  rendered.push(useSession().snapshot.status)
  return null
}
const rendered: string[] = []

/** The page of these tests: every component of ours. */
function Page(): ReactNode {
  return (
    <main>
      <SignedIn denied="No admittance.">{({ user }) => `Hello ${user.name}`}</SignedIn>
      <SignedOut>{({ reason }) => `Nobody: ${reason}`}</SignedOut>
      <Unknown>One moment</Unknown>
    </main>
  )
}

function page(session: Session | SessionOptions, initial?: Snapshot): ReactNode {
  return (
    <SessionProvider session={session} {...(initial && { initial })}>
      <Page />
    </SessionProvider>
  )
}

describe('in a page', () => {
  test('components show the state, and follow it', () => {
    const session = createFakeSession()
    const { container } = render(page(session))
    expect(container.textContent).toBe('One moment')
    act(() => session.setSignedIn({ sub: '1', name: 'Ada' }))
    expect(container.textContent).toBe('Hello Ada')
    act(() => session.setDenied())
    expect(container.textContent).toBe('No admittance.')
    act(() => session.setSignedOut('logout'))
    expect(container.textContent).toBe('Nobody: logout')
    expect(complaints).toEqual([])
  })

  test('components that went away hold no subscription', () => {
    const session = createFakeSession()
    const { unmount } = render(page(session))
    expect(session.followers).toBeGreaterThan(0)
    unmount()
    expect(session.followers).toBe(0)
    expect(isDestroyed(session)).toBe(false)
  })

  test('`session` of useSession acts', async () => {
    const session = createFakeSession()
    const { getByRole } = render(
      <SessionProvider session={session}>
        <Button />
      </SessionProvider>,
    )
    getByRole('button').click()
    expect(session.calls).toEqual([{ method: 'signOut', with: [] }])
  })

  test('what the back end knows stands until the session says something, and does not come back', () => {
    const session = createFakeSession()
    const { container } = render(page(session, VERDICT))
    expect(container.textContent).toBe('Hello Ada')
    act(() => session.setSignedOut('logout'))
    expect(container.textContent).toBe('Nobody: logout')
    // As a page says that comes back from the back-forward cache.
    act(() => session.setUnknown('loading'))
    expect(container.textContent).toBe('One moment')
  })
})

describe('made from options', () => {
  test('StrictMode makes one session, which lives on', async () => {
    const { container } = render(<StrictMode>{page({ hub: 'https://auth.example.com' })}</StrictMode>)
    await new Promise((resolve) => setTimeout(resolve))
    expect(made).toHaveLength(1)
    expect(made.map(isDestroyed)).toEqual([false])
    act(() => made[0]?.setSignedIn({ sub: '1', name: 'Ada' }))
    expect(container.textContent).toBe('Hello Ada')
    expect(complaints).toEqual([])
  })

  test('options that are written anew at every render are one session', () => {
    const { rerender } = render(page({ hub: 'https://auth.example.com' }))
    rerender(page({ hub: 'https://auth.example.com' }))
    rerender(page({ hub: 'https://auth.example.com' }))
    expect(made).toHaveLength(1)
  })

  test('two roots of one page share it', () => {
    render(page({ hub: 'https://auth.example.com' }))
    render(page({ hub: 'https://auth.example.com' }))
    expect(made).toHaveLength(1)
  })

  test('another hub is another session, and the first one ends', async () => {
    const { rerender } = render(page({ hub: 'https://auth.example.com' }))
    rerender(page({ hub: 'https://login.example.com' }))
    expect(asked.map(({ hub }) => hub)).toEqual(['https://auth.example.com', 'https://login.example.com'])
    await vi.waitFor(() => expect(made.map(isDestroyed)).toEqual([true, false]))
  })

  test('it ends with the provider, and begins anew with the next', async () => {
    const { unmount } = render(page({ hub: 'https://auth.example.com' }))
    unmount()
    await vi.waitFor(() => expect(made.map(isDestroyed)).toEqual([true]))
    const { container } = render(page({ hub: 'https://auth.example.com' }))
    act(() => made[1]?.setSignedOut())
    expect(container.textContent).toBe('Nobody: none')
  })

  test('options that are wrong are one sentence in the console, and the page goes on', () => {
    const { container } = render(<StrictMode>{page({ hub: 'auth' })}</StrictMode>)
    expect(container.textContent).toBe('One moment')
    expect(complaints).toEqual(['isthmus: createSession: hub must be an origin.'])
  })
})

describe('Suspense', () => {
  const waiting = (session: Session | SessionOptions): ReactNode => (
    <SessionProvider session={session}>
      <Suspense fallback="waiting">
        <Definite />
      </Suspense>
    </SessionProvider>
  )

  test('a component waits until the state is definite', async () => {
    const session = createFakeSession()
    const { container } = await act(async () => render(waiting(session)))
    expect(container.textContent).toBe('waiting')
    await act(async () => session.setSignedOut())
    expect(container.textContent).toBe('definite: signed-out')
  })

  test('with the boundary above the provider it makes one session, and comes to an end', async () => {
    const tree = (
      <StrictMode>
        <Suspense fallback="waiting">
          <SessionProvider session={{ hub: 'https://auth.example.com' }}>
            <Definite />
          </SessionProvider>
        </Suspense>
      </StrictMode>
    )
    const { container } = await act(async () => render(tree))
    expect(container.textContent).toBe('waiting')
    expect(made).toHaveLength(1)
    await act(async () => made[0]?.setSignedIn())
    expect(container.textContent).toBe('definite: signed-in')
    expect(made).toHaveLength(1)
  })

  test('options that are wrong keep no component waiting', async () => {
    const { container } = await act(async () => render(waiting({ hub: 'nowhere' })))
    expect(container.textContent).toBe('definite: unknown')
  })

  test('a server does not wait; the page takes its markup over when the state is definite', async () => {
    const session = createFakeSession()
    const root = document.createElement('div')
    const doc = globalThis.document
    vi.stubGlobal('document', undefined)
    root.innerHTML = renderToString(waiting({ hub: 'https://auth.example.com' }))
    vi.stubGlobal('document', doc)
    expect(root.textContent).toBe('definite: unknown')
    const hydrated = await act(async () => hydrateRoot(root, waiting(session)))
    await act(async () => session.setSignedOut())
    expect(root.textContent).toBe('definite: signed-out')
    expect(complaints).toEqual([])
    await act(async () => hydrated.unmount())
  })
})

describe('rendered by a server', () => {
  async function hydrate(html: string, tree: ReactNode): Promise<HTMLElement> {
    const root = document.createElement('div')
    document.body.append(root)
    root.innerHTML = html
    const hydrated = await act(async () =>
      hydrateRoot(root, tree, { onRecoverableError: (error) => complaints.push(`${error}`) }),
    )
    unmounts.push(() => act(async () => hydrated.unmount()))
    return root
  }
  const unmounts: (() => Promise<void>)[] = []

  afterEach(async () => {
    for (const unmount of unmounts.splice(0)) await unmount()
  })

  test('nothing is started', () => {
    expect(renderToString(page({ hub: 'https://auth.example.com' }))).toContain('One moment')
    expect(made).toHaveLength(0)
  })

  test('hydration agrees, although the session knows more than the server did', async () => {
    const session = createFakeSession(VERDICT)
    const html = renderToString(page(createFakeSession()))
    expect(html).toContain('One moment')
    const root = await hydrate(html, <StrictMode>{page(session)}</StrictMode>)
    expect(root.textContent).toBe('Hello Ada')
    expect(complaints).toEqual([])
  })

  test('what the back end knows is in the markup, and no other state is shown before the session speaks', async () => {
    const html = renderToString(page({ hub: 'https://auth.example.com' }, VERDICT))
    expect(html).toContain('Hello Ada')
    const tree = (
      <SessionProvider session={{ hub: 'https://auth.example.com' }} initial={VERDICT}>
        <Page />
        <Watch />
      </SessionProvider>
    )
    const root = await hydrate(html, tree)
    expect(root.textContent).toBe('Hello Ada')
    await act(async () => made[0]?.setSignedIn({ sub: '1', name: 'Ada L.' }))
    expect(root.textContent).toBe('Hello Ada L.')
    expect(new Set(rendered)).toEqual(new Set(['signed-in']))
    expect(complaints).toEqual([])
  })
})

describe('useRequireSession', () => {
  const members = (session: Session): ReactNode => (
    <StrictMode>
      <SessionProvider session={session}>
        <Members />
      </SessionProvider>
    </StrictMode>
  )

  test('leads to the login page once, when the hub says that nobody is signed in', () => {
    const session = createFakeSession()
    const { container } = render(members(session))
    expect(session.calls).toEqual([])
    act(() => session.setSignedOut())
    act(() => session.setSignedOut('expired'))
    expect(container.textContent).toBe('members only')
    expect(session.calls).toEqual([{ method: 'signIn', with: [] }])
  })

  test('a user who comes back without having signed in stays; after a sign-in it may lead away again', () => {
    const first = createFakeSession()
    render(members(first))
    act(() => first.setSignedOut())
    cleanup()
    const next = createFakeSession()
    const { container } = render(members(next))
    act(() => next.setSignedOut())
    expect(next.calls).toEqual([])
    act(() => next.setSignedIn({ sub: '1', name: 'Ada' }))
    expect(container.textContent).toBe('Members: Ada')
    act(() => next.setSignedOut('logout'))
    expect(next.calls).toEqual([{ method: 'signIn', with: [] }])
  })

  test('no failure leads away, nor a user whom the site does not admit, nor a tab that cannot remember', () => {
    const session = createFakeSession()
    render(members(session))
    for (const reason of ['unreachable', 'timeout', 'blocked', 'not-registered'] as const) {
      act(() => session.setUnknown(reason))
    }
    act(() => session.setDenied())
    vi.stubGlobal('sessionStorage', undefined)
    act(() => session.setSignedOut())
    expect(session.calls).toEqual([])
  })

  test('where only a visit of the hub can tell, it leads there; a visit that fails does not count', async () => {
    const session = createFakeSession()
    session.failNext('signIn', new Error('unreachable'))
    render(members(session))
    await act(async () => session.setUnknown('partitioned'))
    await act(async () => session.setUnknown('partitioned'))
    expect(session.calls.map(({ method }) => method)).toEqual(['signIn', 'signIn'])
  })
})

describe('wrong use is one sentence with its cure, and breaks no page', () => {
  test('no provider', async () => {
    const { container } = render(
      <div>
        <Status />
        <Status />
      </div>,
    )
    expect(container.textContent).toBe('unknownunknown')
    expect(complaints).toEqual([
      'isthmus: a component follows the session outside of <SessionProvider>. Put the provider at the root.',
    ])
  })

  test('neither a session nor options', () => {
    // As JavaScript without types allows.
    const { container } = render(page(undefined as unknown as Session))
    expect(container.textContent).toBe('One moment')
    expect(complaints).toEqual([
      'isthmus: a session or its options are needed, such as { hub: "https://auth.example.com" }.',
    ])
  })

  test('two providers', () => {
    const session = createFakeSession()
    const { container } = render(<SessionProvider session={session}>{page(session)}</SessionProvider>)
    expect(container.textContent).toBe('One moment')
    expect(complaints).toEqual(['isthmus: <SessionProvider> stands inside another one. Keep one, at the root.'])
  })
})
