import { join } from 'node:path'
import { createFakeSession, type FakeSession } from '@isthmus/testing/fake'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { cleanup, render } from '@testing-library/svelte'
import { hydrate, tick, unmount } from 'svelte'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions, Snapshot } from '../index.ts'
import Members from './members.test.svelte'
import Page from './page.test.svelte'
import View from './view.test.svelte'

const made: FakeSession[] = []

vi.mock(import('../index.ts'), async (original) => ({
  ...(await original()),
  createSession(): Session {
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
const HUB: SessionOptions = { hub: 'https://auth.example.com' }

/** What the console was told: warnings of Svelte, of hydration above all, and sentences of ours. */
const complaints: string[] = []

beforeEach(() => {
  const note = (...said: unknown[]): void => void complaints.push(said.map(String).join(' '))
  vi.spyOn(console, 'error').mockImplementation(note)
  vi.spyOn(console, 'warn').mockImplementation(note)
  sessionStorage.clear()
})

afterEach(async () => {
  cleanup()
  // Sessions that were made from options end a turn after the root has let go.
  await vi.waitFor(() => expect(made.every(isDestroyed)).toBe(true))
  made.length = 0
  complaints.length = 0
})

function isDestroyed({ calls }: FakeSession): boolean {
  return calls.some(({ method }) => method === 'destroy')
}

/** What the page shows: by the store, and by `current`. */
function shown(container: Element): readonly (string | undefined)[] {
  return [container.querySelector('p'), container.querySelector('b')].map((element) => element?.textContent)
}

describe('in a page', () => {
  test('components show the state, and follow it: by `current`, and as a store', async () => {
    const session = createFakeSession()
    const { container } = render(Page, { source: session })
    expect(shown(container)).toEqual(['unknown', 'One moment'])
    session.setSignedIn({ sub: '1', name: 'Ada' })
    await tick()
    expect(shown(container)).toEqual(['signed-in', 'Hello Ada'])
    session.setSignedOut('logout')
    await tick()
    expect(shown(container)).toEqual(['signed-out', 'Nobody: logout'])
    expect(complaints).toEqual([])
  })

  test('the session that components get acts', () => {
    const session = createFakeSession()
    const { container } = render(Page, { source: session })
    container.querySelector('button')?.click()
    expect(session.calls).toEqual([{ method: 'signOut', with: [] }])
  })

  test('a page that went away holds no subscription', async () => {
    const session = createFakeSession()
    const { unmount } = render(Page, { source: session })
    expect(session.followers).toBeGreaterThan(0)
    unmount()
    await tick()
    expect(session.followers).toBe(0)
    expect(isDestroyed(session)).toBe(false)
  })

  test('options make one session, which ends with the page', async () => {
    const { container, unmount } = render(Page, { source: HUB })
    await tick()
    expect(made).toHaveLength(1)
    made[0]?.setSignedOut('idle')
    await tick()
    expect(shown(container)).toEqual(['signed-out', 'Nobody: idle'])
    unmount()
    await vi.waitFor(() => expect(made.map(isDestroyed)).toEqual([true]))
  })
})

describe('rendered by a server', () => {
  let server: ViteDevServer
  let serve: (props: object) => string

  beforeAll(async () => {
    server = await createServer({
      root: join(import.meta.dirname, '../../../..'),
      plugins: [svelte()],
      server: { middlewareMode: true, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true },
      appType: 'custom',
      logLevel: 'error',
    })
    const { document } = globalThis
    vi.stubGlobal('document', undefined)
    const { render: renderOnServer } = await server.ssrLoadModule('svelte/server')
    const page = await server.ssrLoadModule('/packages/client/src/svelte/page.test.svelte')
    vi.stubGlobal('document', document)
    serve = (props) => {
      vi.stubGlobal('document', undefined)
      const { body } = renderOnServer(page.default, { props })
      vi.stubGlobal('document', document)
      return body
    }
  })

  afterAll(() => server.close())

  async function takeOver(html: string, props: object): Promise<HTMLElement> {
    const root = document.createElement('div')
    document.body.append(root)
    root.innerHTML = html
    mounted.push(hydrate(Page, { target: root, props }))
    return root
  }
  const mounted: ReturnType<typeof hydrate>[] = []

  afterEach(async () => {
    for (const page of mounted.splice(0)) await unmount(page)
  })

  test('nothing is started', () => {
    const html = serve({ source: HUB })
    expect(html).toContain('One moment')
    expect(html).toContain('unknown')
    expect(complaints).toEqual([])
  })

  test('hydration agrees, although the session knows more than the server did', async () => {
    const root = await takeOver(serve({ source: HUB }), { source: createFakeSession(VERDICT) })
    await tick()
    expect(shown(root)).toEqual(['signed-in', 'Hello Ada'])
    expect(complaints).toEqual([])
  })

  test('what the back end knows is in the markup, and stands until the session speaks', async () => {
    const html = serve({ source: HUB, initial: VERDICT })
    expect(html).toContain('Ada')
    const root = await takeOver(html, { source: HUB, initial: VERDICT })
    await tick()
    expect(shown(root)).toEqual(['signed-in', 'Hello Ada'])
    made[0]?.setSignedOut('logout')
    await tick()
    expect(shown(root)).toEqual(['signed-out', 'Nobody: logout'])
    expect(complaints).toEqual([])
  })
})

test('requireSession leads to the login page once, and follows', async () => {
  const session = createFakeSession()
  const { container } = render(Members, { source: session })
  session.setUnknown('unreachable')
  expect(session.calls).toEqual([])
  session.setSignedOut()
  session.setSignedOut('expired')
  expect(session.calls).toEqual([{ method: 'signIn', with: [] }])
  expect(container.textContent).toBe('members only')
  session.setSignedIn()
  await tick()
  expect(container.textContent).toBe('user-1')
})

describe('wrong use is one sentence with its cure, and breaks no page', () => {
  test('no setSession above', () => {
    const { container } = render(View)
    expect(shown(container)[1]).toBe('One moment')
    expect(complaints).toEqual([
      'isthmus: useSession() was called where no component above called setSession(). Call it in the root layout.',
    ])
  })

  test('setSession below setSession', () => {
    const { container } = render(Page, { source: createFakeSession(), isNested: true })
    expect(container.textContent).toContain('One moment')
    expect(complaints).toEqual([
      'isthmus: setSession() was called below a component that called it. Keep one, in the root layout.',
    ])
  })
})
