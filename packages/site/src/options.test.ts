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
  // Regression: whoever answers there signs in anybody; plain http was taken from any host.
  ['jwks', 'http://auth.example/.well-known/jwks.json'],
  ['jwks', 'http://10.0.0.7:4000/.well-known/jwks.json'],
  ['mirror', 'header'],
  ['revocations', { get: () => undefined, put: () => undefined }],
  ['verdicts', 0],
] as const) {
  test(`${key}: ${JSON.stringify(value)} stops with a sentence that names the key`, () => {
    const make = (): unknown => createVerifier({ ...good, [key]: value } as VerifierOptions)
    expect(make).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(`: ${key} needs`) }),
    )
  })
}

test.each([
  'https://keys.inside.example/jwks',
  'http://127.0.0.1:4000/.well-known/jwks.json',
  'http://[::1]:4000/jwks',
  'http://auth.localhost:4000/.well-known/jwks.json',
])('jwks: %s is taken', (jwks) => {
  expect(() => createVerifier({ ...good, jwks })).not.toThrow()
})
