import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Reads the networks of proxies: `10.0.0.0/8`, `fd00::/8`, or single addresses.
 *
 * @throws TypeError that names the one which is none.
 */
export function readNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of networks) {
    const [address = '', bits] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    try {
      if (bits === undefined) list.addAddress(address, family)
      else list.addSubnet(address, Number(bits), family)
    } catch (cause) {
      const message = `trustedProxies: "${text}" is no address, and no network such as 10.0.0.0/8.`
      throw new TypeError(message, { cause })
    }
  }
  return list
}

/**
 * The address that a request comes from: Express' `request.ip` counts first; else the last one that no trusted proxy has,
 * of the connection and what the proxies say was before them (`X-Forwarded-For`).
 */
export function clientAddressOf(
  request: IncomingMessage & { readonly ip?: string },
  proxies: BlockList,
): string | undefined {
  if (request.ip !== undefined) return request.ip
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',')
  const hops = [...forwarded.split(','), request.socket.remoteAddress ?? ''].map((hop) => hop.trim())
  let client: string | undefined
  for (const hop of hops.reverse()) {
    // What stands before something that is no address was written by anybody.
    if (!ipaddr.isValid(hop)) break
    client = hop
    const address = ipaddr.process(hop)
    if (!proxies.check(address.toString(), address.kind())) break
  }
  return client
}

/**
 * What is counted as one address: an IPv4 address; of IPv6 the first 64 bits, which is what one household gets.
 * `undefined` for loopback and private addresses: they are those of a proxy that the program was not told of, and with it
 * those of everybody.
 */
export function countedAs(text: string | undefined): string | undefined {
  if (text === undefined || !ipaddr.isValid(text)) return undefined
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return undefined
  if (address instanceof ipaddr.IPv4) return address.toString()
  return address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
