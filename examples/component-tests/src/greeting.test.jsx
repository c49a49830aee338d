// @vitest-environment happy-dom
import { SessionProvider } from '@isthmus/client/react'
import { createFakeSession } from '@isthmus/testing/fake'
import { act, render } from '@testing-library/react'
import { expect, test } from 'vitest'
import { Greeting } from './greeting.jsx'

test('a user can sign out', () => {
  const session = createFakeSession()
  const { container, getByRole } = render(
    <SessionProvider session={session}>
      <Greeting />
    </SessionProvider>,
  )
  expect(container.textContent).toBe('')
  act(() => session.setSignedIn({ sub: '1', name: 'Ada' }))
  expect(container.textContent).toBe('Goodbye, Ada')
  getByRole('button').click()
  expect(session.calls).toEqual([{ method: 'signOut', with: [] }])
})
