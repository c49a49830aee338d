import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { clientAddressOf, countedAs, readNetworks } from './client-address.ts'

const proxies = readNetworks(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

function addressOf(remoteAddress: string, forwarded?: string, ip?: string): string | undefined {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddressOf({ headers, socket: { remoteAddress }, ip } as unknown as IncomingMessage, proxies)
}

it.each<[string | undefined, string, string | undefined, string?]>([
  // What a stranger writes is believed of no stranger.
  ['198.41.0.4', '198.41.0.4', '1.2.3.4'],
  ['198.41.0.4', '10.0.0.1', '198.41.0.4'],
  ['198.41.0.4', '::ffff:10.0.0.1', '1.2.3.4, 198.41.0.4'],
  ['198.41.0.4', '127.0.0.1', '1.2.3.4, 198.41.0.4, 10.9.9.9'],
  ['198.41.0.4', 'fd00::1', '198.41.0.4'],
  ['10.0.0.1', '10.0.0.1', undefined],
  ['10.0.0.1', '10.0.0.1', '1.2.3.4, nonsense'],
  ['1.2.3.4', '10.0.0.1', '198.41.0.4', '1.2.3.4'],
])('%s by the connection of %s, forwarded for %s', (expected, remote, forwarded, ip) => {
  expect(addressOf(remote, forwarded, ip)).toBe(expected)
})

it('a household counts as one, and what is no public address as none', () => {
  expect(countedAs('::ffff:198.41.0.4')).toBe('198.41.0.4')
  expect(countedAs('2a00:1450:4001:800::1')).toBe(countedAs('2a00:1450:4001:800:9::2'))
  expect(countedAs('2a00:1450:4001:800::1')).not.toBe(countedAs('2a00:1450:4001:801::1'))
  for (const none of ['127.0.0.1', '192.168.1.1', 'fd00::1', 'text', undefined]) expect(countedAs(none)).toBeUndefined()
})

it('a network that is none stops the start', () => {
  expect(() => readNetworks(['10.0.0.0/8', 'my-proxy'])).toThrow('trustedProxies: "my-proxy" is no address')
  expect(() => readNetworks(['10.0.0.0/99'])).toThrow('trustedProxies: "10.0.0.0/99"')
})
