import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { listenToConsole, OPTIONS } from '../bindings/held-hub.test-world.ts'
import { IsthmusProvider, SignedIn, Unknown } from './index.ts'

test('a server without a document renders what the back end knows, and begins no session', () => {
  const said = listenToConsole()
  const render = (user?: { sub: string }): string =>
    renderToString(
      <IsthmusProvider session={OPTIONS} initial={user && { status: 'signed-in', user }}>
        <SignedIn>{(session) => <b>{session.user.sub}</b>}</SignedIn>
        <Unknown>
          <i>unknown</i>
        </Unknown>
      </IsthmusProvider>,
    )
  expect(typeof document).toBe('undefined')
  expect(render({ sub: 'ada' })).toBe('<b>ada</b>')
  expect(render()).toBe('<i>unknown</i>')
  // A session that begins without a document fails, and the console tells.
  expect(said()).toEqual([])
})
