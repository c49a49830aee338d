import { IsthmusError } from '@isthmus/protocol'
import { expect, test } from 'vitest'
import { firstSnapshot } from './first-snapshot.ts'

test('a user whom the back end knows is shown at once, as a guess, and without what no page may see', () => {
  const user = { sub: '1', name: 'Ada' }
  const snapshot = firstSnapshot({ status: 'signed-in', sid: 's', user, groups: ['staff'], expiresAt: 5 })
  expect(snapshot).toEqual({
    status: 'signed-in',
    access: 'granted',
    sid: 's',
    user,
    expiresAt: 5,
    idleExpiresAt: 5,
    revision: 0,
    stale: true,
  })
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
})

test('signed out is shown only where the hub said so; a request without a good token says nothing', () => {
  const revoked = firstSnapshot({ status: 'signed-out', error: new IsthmusError('token-revoked') })
  expect(revoked).toEqual({ status: 'signed-out', reason: 'logout', revision: 0, stale: true })
  const missing = firstSnapshot({ status: 'unknown', error: new IsthmusError('token-missing') })
  expect(missing).toEqual({ status: 'unknown', reason: 'loading', stale: false })
})
