import { renderToString } from '@vue/server-renderer'
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent } from 'vue'
import { listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import { createIsthmus, useSession } from './index.ts'
import { createShop } from './shop.test-page.ts'

test('a server without a document renders what the back end knows, and begins no session', async () => {
  const said = listenToConsole()
  const App = defineComponent(() => {
    const { current } = useSession()
    return () => (current.value.status === 'signed-in' ? current.value.user.sub : current.value.status)
  })
  const render = (user?: { sub: string }): Promise<string> =>
    renderToString(
      createSSRApp(App).use(createIsthmus({ session: OPTIONS, initial: user && { status: 'signed-in', user } })),
    )
  expect(typeof document).toBe('undefined')
  expect(await render({ sub: 'ada' })).toBe('ada')
  expect(await render()).toBe('unknown')
  // A session that begins without a document fails, and the console tells.
  expect(said()).toEqual([])
})

test('the shop of the guide is rendered', async () => {
  expect(await renderToString(createShop({ status: 'signed-in', user: { sub: 'ada' } }))).toContain('Sign out, ada')
  expect(await renderToString(createShop({ status: 'signed-out' }))).toContain('Sign in')
  expect(await renderToString(createShop())).toContain('One moment')
})
