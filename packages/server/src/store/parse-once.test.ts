import { expect, it, vi } from 'vitest'
import { createParser } from './parse-once.ts'

it('a version of a key is parsed once, another one anew', () => {
  const parse = vi.fn((text: string) => ({ text }))
  const parsed = createParser(parse)
  const first = parsed('a', { value: '1', version: 'v1' })
  expect(parsed('a', { value: '1', version: 'v1' })).toBe(first)
  expect(parsed('b', { value: '2', version: 'v1' })).toEqual({ text: '2' })
  expect(parsed('a', { value: '3', version: 'v2' })).toEqual({ text: '3' })
  expect(parse).toHaveBeenCalledTimes(3)
})

it('no more than 10,000 are kept', () => {
  const parse = vi.fn((text: string) => text)
  const parsed = createParser(parse)
  for (let index = 0; index <= 10_000; index++) parsed(`key ${index}`, { value: '', version: 'v' })
  parse.mockClear()
  parsed('key 0', { value: '', version: 'v' })
  expect(parse).toHaveBeenCalledOnce()
})
