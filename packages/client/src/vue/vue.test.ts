import { createFakeSession, type FakeSession } from '@isthmus/testing/fake'
import { cleanup, render } from '@testing-library/vue'
import { renderToString } from '@vue/server-renderer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type App,
  type Component,
  createSSRApp,
  defineAsyncComponent,
  defineComponent,
  h,
  hydrateOnInteraction,
  nextTick,
  type Plugin,
} from 'vue'
import type { Session, SessionOptions, Snapshot } from '../index.ts'
import { createIsthmus, SignedIn, SignedOut, Unknown, useRequireSession, useSession } from './index.ts'

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

/** What the console was told: warnings of Vue, of hydration above all, and sentences of ours. */
const complaints: string[] = []
const apps: App[] = []

beforeEach(() => {
  const note = (...said: unknown[]): void => void complaints.push(said.map(String).join(' '))
  vi.spyOn(console, 'error').mockImplementation(note)
  vi.spyOn(console, 'warn').mockImplementation(note)
  sessionStorage.clear()
})

afterEach(async () => {
  cleanup()
  for (const app of apps.splice(0)) app.unmount()
  // Sessions that were made from options end a turn after the app has let go.
  await vi.waitFor(() => expect(made.every(isDestroyed)).toBe(true))
  made.length = 0
  complaints.length = 0
})

function isDestroyed({ calls }: FakeSession): boolean {
  return calls.some(({ method }) => method === 'destroy')
}

const Greeting = defineComponent(() => {
  const { snapshot, session } = useSession()
  return () => h('button', { onClick: () => session.signOut() }, snapshot.value.status)
})

/** The page of these tests: every component of ours. */
const Page = defineComponent({
  components: { SignedIn, SignedOut, Unknown },
  template: `<main
    ><SignedIn><template #default="{ user }">Hello {{ user.name }}</template><template #denied>No admittance.</template></SignedIn
    ><SignedOut v-slot="{ reason }">Nobody: {{ reason }}</SignedOut
    ><Unknown>One moment</Unknown
  ></main>`,
})

function show(component: Component, ...plugins: Plugin[]): Element {
  return render(component, { global: { plugins } }).container
}

describe('in a page', () => {
  test('components show the state, and follow it', async () => {
    const session = createFakeSession()
    const container = show(Page, createIsthmus(session))
    expect(container.textContent).toBe('One moment')
    session.setSignedIn({ sub: '1', name: 'Ada' })
    await nextTick()
    expect(container.textContent).toBe('Hello Ada')
    session.setDenied()
    await nextTick()
    expect(container.textContent).toBe('No admittance.')
    session.setSignedOut('logout')
    await nextTick()
    expect(container.textContent).toBe('Nobody: logout')
    expect(complaints).toEqual([])
  })

  test('a component that comes later shows the state at once, and acts', () => {
    const session = createFakeSession(VERDICT)
    const container = show(Greeting, createIsthmus(session))
    expect(container.textContent).toBe('signed-in')
    container.querySelector('button')?.click()
    expect(session.calls).toEqual([{ method: 'signOut', with: [] }])
  })

  test('components that went away hold no subscription', () => {
    const session = createFakeSession()
    const { unmount } = render(Page, { global: { plugins: [createIsthmus(session)] } })
    expect(session.followers).toBeGreaterThan(0)
    unmount()
    expect(session.followers).toBe(0)
    expect(isDestroyed(session)).toBe(false)
  })

  test('two apps of one page with the same options share one session, which ends with them', async () => {
    const first = render(Page, { global: { plugins: [createIsthmus(HUB)] } })
    const second = render(Page, { global: { plugins: [createIsthmus({ ...HUB })] } })
    expect(made).toHaveLength(1)
    first.unmount()
    made[0]?.setSignedOut('idle')
    await nextTick()
    expect(second.container.textContent).toBe('Nobody: idle')
    second.unmount()
    await vi.waitFor(() => expect(made.map(isDestroyed)).toEqual([true]))
  })
})

describe('rendered by a server', () => {
  /** Renders as a server does, without a page around. */
  async function serve(component: Component, plugin: Plugin): Promise<string> {
    const { document } = globalThis
    vi.stubGlobal('document', undefined)
    const html = await renderToString(createSSRApp(component).use(plugin))
    vi.stubGlobal('document', document)
    return html
  }

  function hydrate(html: string, component: Component, plugin: Plugin): HTMLElement {
    const root = document.createElement('div')
    document.body.append(root)
    root.innerHTML = html
    const app = createSSRApp(component).use(plugin)
    apps.push(app)
    app.mount(root)
    return root
  }

  test('nothing is started', async () => {
    expect(await serve(Page, createIsthmus(HUB))).toContain('One moment')
    expect(made).toHaveLength(0)
  })

  test('hydration agrees, although the session knows more than the server did', async () => {
    const html = await serve(Page, createIsthmus(HUB))
    const root = hydrate(html, Page, createIsthmus(createFakeSession(VERDICT)))
    await nextTick()
    expect(root.textContent).toBe('Hello Ada')
    expect(complaints).toEqual([])
  })

  test('what the back end knows is in the markup, and stands until the session speaks', async () => {
    const html = await serve(Page, createIsthmus(HUB, { initial: VERDICT }))
    expect(html).toContain('Hello Ada')
    const root = hydrate(html, Page, createIsthmus(HUB, { initial: VERDICT }))
    await nextTick()
    expect(root.textContent).toBe('Hello Ada')
    made[0]?.setSignedOut('logout')
    await nextTick()
    expect(root.textContent).toBe('Nobody: logout')
    expect(complaints).toEqual([])
  })

  test('a part that is taken over later agrees as well', async () => {
    const Late = defineAsyncComponent({ loader: async () => Greeting, hydrate: hydrateOnInteraction('mouseover') })
    const Whole = defineComponent(() => () => h('main', [h(Late)]))
    const html = await serve(Whole, createIsthmus(HUB))
    expect(html).toContain('unknown')
    const session = createFakeSession(VERDICT)
    const root = hydrate(html, Whole, createIsthmus(session))
    await nextTick()
    expect(root.textContent).toBe('unknown')
    root.querySelector('button')?.dispatchEvent(new Event('mouseover', { bubbles: true }))
    await vi.waitFor(() => expect(root.textContent).toBe('signed-in'))
    expect(complaints).toEqual([])
  })
})

test('useRequireSession leads to the login page once, and gives the user once there is one', async () => {
  const Members = defineComponent(() => {
    const user = useRequireSession()
    return () => user.value?.user.sub ?? 'members only'
  })
  const session = createFakeSession()
  const container = show(Members, createIsthmus(session))
  session.setUnknown('unreachable')
  expect(session.calls).toEqual([])
  session.setSignedOut()
  session.setSignedOut('expired')
  expect(session.calls).toEqual([{ method: 'signIn', with: [] }])
  expect(container.textContent).toBe('members only')
  session.setSignedIn()
  await nextTick()
  expect(container.textContent).toBe('user-1')
})

describe('wrong use is one sentence with its cure, and breaks no page', () => {
  test('no plugin, or outside of setup', () => {
    const container = show(Page)
    useSession()
    expect(container.textContent).toBe('One moment')
    expect(complaints).toEqual([
      'isthmus: useSession() was called outside of setup, or the app lacks app.use(createIsthmus({ hub })).',
    ])
  })

  test('two plugins', () => {
    const session = createFakeSession()
    const container = show(Greeting, createIsthmus(session), createIsthmus(createFakeSession(VERDICT)))
    expect(container.textContent).toBe('unknown')
    expect(complaints).toEqual([
      'isthmus: createIsthmus() was used twice by one app. Keep one app.use(createIsthmus(…)).',
    ])
  })
})
