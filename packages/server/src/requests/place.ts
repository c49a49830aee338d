import ipaddr from 'ipaddr.js'
import type { RequestLike } from './request-like.ts'

/**
 * The network that a request comes from: half of an IPv4 address (`198.41.x.x`), a quarter of an IPv6 address
 * (`2a00:1450::x`). Enough to tell "at home" from "elsewhere", too little to find a household. `undefined` for private
 * and loopback addresses, which say nothing, and for requests that know no address.
 *
 * Express' `request.ip` counts first: it knows which proxies are trusted.
 */
export function networkOf(request: RequestLike): string | undefined {
  const text = 'ip' in request || 'socket' in request ? (request.ip ?? request.socket?.remoteAddress) : undefined
  if (text === undefined || !ipaddr.isValid(text)) return undefined
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return undefined
  if (address instanceof ipaddr.IPv6) {
    const [first = 0, second = 0] = address.parts
    return `${first.toString(16)}:${second.toString(16)}::x`
  }
  return `${address.octets.slice(0, 2).join('.')}.x.x`
}
