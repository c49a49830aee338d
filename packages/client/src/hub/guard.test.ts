import { hubToClientSchema, type SiteAnswer, welcomeSchema } from '@isthmus/protocol'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { hostile, mutated, valid } from '../../../protocol/src/compact/arbitrary-values.test-kit.ts'
import { advance, begun } from '../session/driver.test-kit.ts'
import { isFromHub } from './guard.ts'

const SCHEMAS = [welcomeSchema, hubToClientSchema]

const ANSWER: SiteAnswer = {
  site: 'shop',
  carrier: 'cookie',
  state: {
    status: 'signed-in',
    access: 'denied',
    sid: 's1',
    user: { sub: 'customer' },
    expiresAt: 9000,
    idleExpiresAt: 8000,
    revision: 10,
  },
}
const WELCOME = { isthmus: 1, type: 'welcome', answer: ANSWER, peers: '', aheadMs: 0 }

it.each(SCHEMAS)('takes in whatever the protocol has the hub say', (schema) => {
  fc.assert(fc.property(valid(schema), isFromHub))
})

// A hub of this version cannot say these things; a browser, an extension or another program in its place may.
it.each(SCHEMAS)('lets through nothing that the client stumbles over', (schema) => {
  fc.assert(
    fc.property(fc.oneof(mutated(schema), hostile(schema)), (message) => {
      let arrived: unknown
      try {
        // The hub page has it from JSON.
        arrived = JSON.parse(JSON.stringify(message))
      } catch {
        return
      }
      if (!isFromHub(arrived)) return
      const { snapshot } = advance(begun(), arrived, 0)
      expect(['signed-in', 'signed-out', 'unknown']).toContain(snapshot.status)
      if (snapshot.status === 'signed-in') expect(typeof snapshot.user.sub).toBe('string')
    }),
  )
})

describe('a message that lacks what the client reads is refused', () => {
  const without = (...path: string[]): unknown => {
    const copy = structuredClone(WELCOME) as unknown as Record<string, unknown>
    const last = path.pop() as string
    const place = path.reduce((at, key) => at[key] as Record<string, unknown>, copy)
    delete place[last]
    return copy
  }
  test('it is taken in as it is', () => expect(isFromHub(WELCOME)).toBe(true))
  test.each([
    ...[['isthmus'], ['type'], ['answer'], ['peers'], ['aheadMs']],
    ...[
      ['answer', 'site'],
      ['answer', 'carrier'],
      ['answer', 'state'],
    ],
    ...['status', 'sid', 'user', 'expiresAt', 'idleExpiresAt', 'revision'].map((key) => ['answer', 'state', key]),
    ['answer', 'state', 'user', 'sub'],
  ])('%s %s %s', (...path) => {
    expect(isFromHub(without(...path.filter((key) => key !== undefined)))).toBe(false)
  })
})
