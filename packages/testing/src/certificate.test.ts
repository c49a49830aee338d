import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { createCertificate, publicKeyHash } from './certificate.ts'

test('the certificate names its hosts, is valid now and fits its key', async () => {
  const certificate = await createCertificate(['auth.localhost', '*.example.test', '127.0.0.1', 'auth.localhost'])
  const parsed = new X509Certificate(certificate.cert)

  expect(parsed.checkHost('auth.localhost')).toBe('auth.localhost')
  expect(parsed.checkHost('shop.example.test')).toBe('*.example.test')
  expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(parsed.checkHost('shop.localhost')).toBeUndefined()
  expect(Date.parse(parsed.validFrom)).toBeLessThan(Date.now())
  expect(Date.parse(parsed.validTo)).toBeGreaterThan(Date.now())
  expect(() => createSecureContext(certificate)).not.toThrow()
})

test('every certificate has a key of its own', async () => {
  const [one, other] = await Promise.all([createCertificate(['a.localhost']), createCertificate(['a.localhost'])])
  expect(publicKeyHash(one)).toMatch(/^[\w+/]{43}=$/)
  expect(publicKeyHash(one)).not.toBe(publicKeyHash(other))
})

test('a certificate for nobody is refused', async () => {
  await expect(createCertificate([])).rejects.toThrow('at least one host')
})
