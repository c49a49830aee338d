import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ENDPOINTS, ORIGIN_HEADER } from '@isthmus/protocol'
import { createHub, memoryStore } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { reportReady } from '../report-ready.ts'

// A hub with so many signed-in browsers, one stream each. In memory: what streams cost is measured, and no disk.
const HUB = 'https://auth.example'
const SHOP = 'https://shop.example'

const count = Number(process.argv[2])
const sites = [{ id: 'shop', origins: [SHOP], claims: ['name'] }]
const hub = await createHub({ origin: HUB, sites, store: memoryStore() })
const cookies: string[] = []
for (let index = 0; index < count; index++) {
  const request = new Request(`${HUB}/login`, { method: 'POST' })
  const signedIn = await hub.signIn(request, { sub: 'customer', claims: { name: 'A Customer' } })
  cookies.push(signedIn.cookies[0]?.split(';', 1)[0] ?? '')
}
const server = createServer(nodeHandler(hub)).listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
await once(server, 'listening')

reportReady(
  {
    port: (server.address() as AddressInfo).port,
    path: ENDPOINTS.events.path,
    headers: { [ORIGIN_HEADER]: SHOP, 'sec-fetch-site': 'same-origin' },
  },
  {
    orders: { cookies: async () => cookies, end: () => hub.sessions.revokeAll('customer') },
    async close() {
      server.closeAllConnections()
      await hub.close()
    },
  },
)
