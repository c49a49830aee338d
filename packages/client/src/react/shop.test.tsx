// @vitest-environment happy-dom
import { createFakeSession, signedIn, signedOut } from '@isthmus/testing/fake'
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { renderToString } from 'react-dom/server'
import { afterEach, expect, test } from 'vitest'
import { IsthmusProvider } from './index.ts'
import { Menu, Orders, Shop } from './shop.test-page.tsx'

afterEach(cleanup)

test('the menu greets the user, and signs out', async () => {
  const session = createFakeSession(signedIn({ name: 'Ada' }))
  render(<Menu />, { wrapper: ({ children }) => <IsthmusProvider session={session}>{children}</IsthmusProvider> })

  fireEvent.click(screen.getByText('Sign out, Ada'))
  await screen.findByText('Sign in')
  expect(session.calls).toEqual([{ act: 'signOut', args: [] }])
})

test('the menu signs in', () => {
  const session = createFakeSession(signedOut())
  render(<Menu />, { wrapper: ({ children }) => <IsthmusProvider session={session}>{children}</IsthmusProvider> })
  fireEvent.click(screen.getByText('Sign in'))
  expect(session.calls).toEqual([{ act: 'signIn', args: [undefined] }])
})

test('the orders wait, and lead to the login page', () => {
  const session = createFakeSession()
  render(<Orders />, { wrapper: ({ children }) => <IsthmusProvider session={session}>{children}</IsthmusProvider> })
  screen.getByText('One moment …')
  act(() => session.set(signedIn({ sub: 'ada' })))
  screen.getByText('Orders of ada')
  act(() => session.set(signedOut()))
  expect(session.calls).toEqual([{ act: 'signIn', args: [] }])
})

test('the server renders what its back end knows', () => {
  expect(renderToString(<Shop initial={{ status: 'signed-in', user: { sub: 'u1', name: 'Ada' } }} />)).toContain('Ada')
  expect(renderToString(<Shop />)).toBe('<nav></nav>')
})
