import { describe, expect, test } from 'vitest'
import { ERRORS, isErrorCode, sentenceOf } from './error-facts.ts'
import { type ErrorCode, IsthmusError } from './errors.ts'
import { errorCodeSchema } from './messages.ts'

const codes = Object.keys(ERRORS) as ErrorCode[]

test.each(codes)('%s has a status, and a sentence that tells nothing but itself', (code) => {
  const { status, retry, sentence } = ERRORS[code]
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(600)
  expect(typeof retry).toBe('boolean')
  expect(sentence).toMatch(/^[A-Z][A-Za-z0-9 ,]+\.$/)
  expect(isErrorCode(code)).toBe(true)
  expect(errorCodeSchema.safeParse(code).success).toBe(true)
})

test('no two codes say the same', () => {
  expect(new Set(codes.map((code) => ERRORS[code].sentence)).size).toBe(codes.length)
})

test.each(['toString', '__proto__', 'constructor', 'hasOwnProperty', '', 'Timeout', 'timeout ', 'no_session'])(
  '%j is no code',
  (text) => {
    expect(isErrorCode(text)).toBe(false)
  },
)

test.each([undefined, null, 0, ['timeout'], new String('timeout'), { toString: () => 'timeout' }])(
  'what is no text is no code: %j',
  (value) => {
    expect(isErrorCode(value)).toBe(false)
  },
)

describe('IsthmusError', () => {
  test('is an Error with a code and a cause', () => {
    const cause = new Error('socket hang up')
    const error = new IsthmusError('unreachable', undefined, { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'IsthmusError', code: 'unreachable', message: 'unreachable', cause })
    expect(String(error)).toBe('IsthmusError: unreachable')
  })

  test('is told as the sentence of its code, or as its own', () => {
    expect(sentenceOf(new IsthmusError('unreachable'))).toBe('The hub cannot be reached.')
    expect(sentenceOf(new IsthmusError('config-invalid', 'createHub: origin: is missing.'))).toBe(
      'createHub: origin: is missing.',
    )
  })
})
