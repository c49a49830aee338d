import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import { listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import App from './app.test-page.svelte'
import Shop from './shop.test-page.svelte'

test.each([
  ['signed-in', { status: 'signed-in', user: { sub: 'u1', name: 'Ada' } } as const],
  ['unknown', undefined],
])('a server without a document renders %s, and begins no session', async (name, initial) => {
  const said = listenToConsole()
  expect(typeof document).toBe('undefined')
  const { body } = render(App, { props: { session: OPTIONS, initial } })
  await expect(body).toMatchFileSnapshot(`${name}.test-page.html`)
  // A session that begins without a document fails, and the console tells.
  expect(said()).toEqual([])
})

test('the shop of the guide is rendered', () => {
  const shop = (initial?: { status: 'signed-in' | 'signed-out'; user?: { sub: string } }): string =>
    render(Shop, { props: { data: { initial } } }).body
  expect(shop({ status: 'signed-in', user: { sub: 'ada' } })).toContain('Sign out, ada')
  expect(shop({ status: 'signed-out' })).toContain('Sign in')
  expect(shop()).toContain('One moment')
})
