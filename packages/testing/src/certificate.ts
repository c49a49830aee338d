import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { generate } from 'selfsigned'

/** A TLS certificate and its private key, both PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

const dayMs = 24 * 60 * 60 * 1000

/**
 * Makes a self-signed P-256 certificate for exactly these hosts, valid from yesterday for a month.
 * Nothing is written to disk.
 *
 * @param hosts DNS names, wildcards (`*.localhost`) or IP addresses; at least one
 */
export async function createCertificate(hosts: readonly string[]): Promise<Certificate> {
  const names = [...new Set(hosts)]
  const [commonName] = names
  if (commonName === undefined) throw new TypeError('createCertificate needs at least one host')

  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - dayMs),
    notAfterDate: new Date(Date.now() + 30 * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  })
  return { key, cert }
}

/** SHA-256 over the certificate's SubjectPublicKeyInfo, base64: what Chromium's `--ignore-certificate-errors-spki-list` takes. */
export function publicKeyHash(certificate: Pick<Certificate, 'cert'>): string {
  const spki = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64')
}
