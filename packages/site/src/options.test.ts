import { expect, test } from 'vitest'
import { createVerifier, type VerifierOptions } from './index.ts'

const good: VerifierOptions = { hub: 'https://auth.example', site: 'shop' }

for (const [key, value] of [
  ['hub', 'https://auth.example/'],
  ['hub', 'http://auth.example'],
  ['hub', 'auth.example'],
  ['hub', undefined],
  ['site', 'The Shop'],
  ['site', ''],
  ['jwks', '/keys.json'],
  ['jwks', 'file:///etc/keys.json'],
  ['verdicts', 0],
] as const) {
  test(`${key}: ${JSON.stringify(value)} stops with a sentence that names the key`, () => {
    const make = (): unknown => createVerifier({ ...good, [key]: value } as VerifierOptions)
    expect(make).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(`: ${key} needs`) }),
    )
  })
}
