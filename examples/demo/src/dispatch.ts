import type { RequestListener } from 'node:http'
import type { Addresses, Place } from './addresses.ts'

/**
 * One listener for several hosts on one port: each request goes to the app that its Host header names, exactly. The bare
 * host is the provider's, but for its home page, which leads to the demo.
 */
export function dispatchByHost(
  addresses: Addresses,
  apps: Readonly<Record<Place, RequestListener>>,
  provider: RequestListener,
): RequestListener {
  const byHost = new Map(
    (Object.keys(apps) as Place[]).map((place) => [new URL(addresses[place]).host, apps[place]] as const),
  )
  const port = new URL(addresses.auth).port
  const bare = new Set(['localhost', '127.0.0.1', '[::1]'].map((name) => (port === '' ? name : `${name}:${port}`)))

  return (request, response) => {
    const host = request.headers.host?.toLowerCase() ?? ''
    const app = byHost.get(host)
    if (app !== undefined) {
      app(request, response)
    } else if (bare.has(host) && request.url !== '/') {
      provider(request, response)
    } else if (bare.has(host)) {
      response.writeHead(302, { location: `${addresses.auth}/` }).end()
    } else {
      // Any other name that leads here is a mistake or DNS rebinding.
      response.writeHead(421, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(`Nothing lives at this address. Start at ${addresses.auth}/\n`)
    }
  }
}
