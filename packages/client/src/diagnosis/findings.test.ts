import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Cause } from '../session/cause.ts'
import { findingOf } from './findings.ts'

/** All of them, in the order of the guide. */
const CAUSES: Record<Cause, true> = {
  partitioned: true,
  unreachable: true,
  'hub-failing': true,
  'not-a-hub': true,
  timeout: true,
  'policy-forbids': true,
  'policy-hides-cause': true,
  'frame-removed': true,
  'frame-silent': true,
  embedded: true,
  'not-registered': true,
}

beforeEach(() => vi.stubGlobal('location', { origin: 'https://shop.example' }))
afterEach(() => vi.unstubAllGlobals())

test('the guide lists every finding, in the words of the console', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/unknown.md', import.meta.url), 'utf8')
  const listed = guide.split('\n').filter((line) => line.startsWith('| `'))
  const findings = (Object.keys(CAUSES) as Cause[]).map((cause) =>
    findingOf(cause, 'https://auth.example.com', 'frame-src'),
  )
  expect(listed).toEqual(
    findings.map(({ code, reason, message, cure }) => `| \`${code}\` | \`${reason}\` | ${message} | ${cure} |`),
  )
})

test('a page that asks by itself is told of the directive that forbids that', () => {
  const { cure } = findingOf('policy-forbids', 'https://auth.example.com', 'connect-src')
  expect(cure).toBe('Add "connect-src https://auth.example.com" to the policy.')
})
