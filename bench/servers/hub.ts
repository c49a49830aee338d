import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENDPOINTS, ORIGIN_HEADER } from '@isthmus/protocol'
import { createHub } from '@isthmus/server'
import { lmdbStore } from '@isthmus/server/lmdb'
import { nodeHandler } from '@isthmus/server/node'
import { reportReady } from '../report-ready.ts'

// A hub on LMDB with one signed-in browser, asked by the hub page for a site's state.
const HUB = 'https://auth.example'
const SHOP = 'https://shop.example'

const path = mkdtempSync(join(tmpdir(), 'isthmus-bench-'))
const sites = [{ id: 'shop', origins: [SHOP], claims: ['name', 'email'] }]
const hub = await createHub({ origin: HUB, sites, store: lmdbStore({ path }) })
const subject = {
  sub: 'customer',
  claims: { name: 'A Customer', email: 'customer@mail.example' },
  groups: ['customers'],
}
const { cookies } = await hub.signIn(new Request(`${HUB}/login`, { method: 'POST' }), subject)
const cookie = cookies[0]?.split(';', 1)[0] ?? ''
const server = createServer(nodeHandler(hub)).listen(0, '127.0.0.1')
await once(server, 'listening')

reportReady(
  {
    port: (server.address() as AddressInfo).port,
    path: ENDPOINTS.session.path,
    headers: { cookie, [ORIGIN_HEADER]: SHOP, 'sec-fetch-site': 'same-origin' },
  },
  {
    async close() {
      server.closeAllConnections()
      await hub.close()
      rmSync(path, { recursive: true })
    },
  },
)
