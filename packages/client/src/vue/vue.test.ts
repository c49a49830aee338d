// @vitest-environment happy-dom
import { createFakeSession, denied, signedIn, signedOut, unknown } from '@isthmus/testing/fake'
import { cleanup, fireEvent, render, screen } from '@testing-library/vue'
import { renderToString } from '@vue/server-renderer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApp, createSSRApp, defineComponent, h, nextTick } from 'vue'
import { holdHub, listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import { createIsthmus, useSession } from './index.ts'

let said: () => string[]
beforeEach(() => {
  said = listenToConsole()
})
afterEach(cleanup)

const Menu = defineComponent(() => {
  const { current, signOut } = useSession()
  return () => {
    const { value } = current
    if (value.status !== 'signed-in') return h('p', `${value.status}: ${value.reason}`)
    return value.access === 'granted' ? h('button', { onClick: signOut }, String(value.user.name)) : h('p', 'denied')
  }
})

const App = defineComponent(() => () => h('main', [h(Menu)]))

test('follows the session, acts on it, and lets go of it', async () => {
  const session = createFakeSession()
  const { unmount, container } = render(App, { global: { plugins: [createIsthmus({ session })] } })
  expect(container.textContent).toBe('unknown: loading')
  session.set(denied())
  await nextTick()
  expect(container.textContent).toBe('denied')
  session.set(signedIn({ name: 'Ada' }))
  await nextTick()
  await fireEvent.click(screen.getByText('Ada'))
  expect(container.textContent).toBe('signed-out: logout')
  expect(session.calls).toEqual([{ act: 'signOut', args: [] }])
  unmount()
  expect(session.listeners).toBe(0)
  expect(session.calls).toHaveLength(1)
  expect(said()).toEqual([])
})

test('a component that is mounted later shows the session at once', () => {
  const seen: string[] = []
  const Late = defineComponent(() => {
    const { current } = useSession()
    seen.push(current.value.status)
    return () => current.value.status
  })
  render(Late, { global: { plugins: [createIsthmus({ session: createFakeSession(signedOut()) })] } })
  expect(seen).toEqual(['signed-out'])
})

test('a plugin with options begins one session, and ends it with the app', async () => {
  const begun = holdHub()
  const app = createApp(App)
  app.use(createIsthmus({ session: OPTIONS }))
  app.mount(document.createElement('div'))
  await vi.waitFor(() => expect(begun()).toEqual([{ ended: false }]))
  app.unmount()
  expect(begun()).toEqual([{ ended: true }])
})

test('wrong options: one sentence in the console, and the page stays', () => {
  const { container } = render(App, { global: { plugins: [createIsthmus({ session: { hub: 'nowhere' } })] } })
  expect(container.textContent).toBe('unknown: loading')
  expect(said()).toEqual([expect.stringMatching(/^isthmus: .*hub must be an origin/)])
})

test('without the plugin: one sentence with the cure, an unknown session, and acts that reject', async () => {
  let used: ReturnType<typeof useSession> | undefined
  render(
    defineComponent(() => {
      used = useSession()
      return () => null
    }),
  )
  expect(used?.current.value).toEqual(unknown())
  expect(said()).toEqual([expect.stringContaining('call app.use(createIsthmus({ session: … }))')])
  await expect(used?.signOut()).rejects.toThrow('createIsthmus')
})

test('two plugins: the first one holds, the second one begins nothing and says so', () => {
  const begun = holdHub()
  const plugins = [createIsthmus({ session: createFakeSession(signedOut()) }), createIsthmus({ session: OPTIONS })]
  const { container } = render(App, { global: { plugins } })
  expect(container.textContent).toBe('signed-out: none')
  expect(said()).toEqual(['isthmus: this app uses createIsthmus twice; the second one does nothing, remove it.'])
  expect(begun()).toEqual([])
})

describe('a page that the server rendered', () => {
  const initial = { status: 'signed-in', user: { sub: 'u1', name: 'Ada' } } as const

  test.each([
    ['Ada', initial],
    ['unknown: loading', undefined],
  ])('hydrates %s without a warning, although the session knows better by then', async (rendered, verdict) => {
    const session = createFakeSession(signedIn({ name: 'Grace' }))
    const app = () => createSSRApp(App).use(createIsthmus({ session, initial: verdict }))
    vi.stubGlobal('document', undefined)
    const html = await renderToString(app())
    vi.unstubAllGlobals()
    expect(session.listeners).toBe(0)
    const root = document.createElement('div')
    root.innerHTML = html
    expect(root.textContent).toBe(rendered)
    const button = root.querySelector('main')
    const hydrated = app()
    hydrated.mount(root)
    await nextTick()
    expect(root.textContent).toBe('Grace')
    expect(root.querySelector('main')).toBe(button)
    expect(session.listeners).toBe(1)
    expect(said()).toEqual([])
    hydrated.unmount()
    expect(session.listeners).toBe(0)
  })

  test('shows it until the session knows anything itself: nothing flickers', async () => {
    const session = createFakeSession()
    const { container } = render(App, { global: { plugins: [createIsthmus({ session, initial })] } })
    expect(container.textContent).toBe('Ada')
    session.set(unknown('timeout'))
    await nextTick()
    expect(container.textContent).toBe('unknown: timeout')
  })
})
