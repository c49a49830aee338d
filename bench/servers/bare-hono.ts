import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { open } from 'lmdb'
import { reportReady } from '../report-ready.ts'

// The least that a session endpoint can be: the cookie names an entry of LMDB, which is the answer.
const path = mkdtempSync(join(tmpdir(), 'isthmus-bench-'))
const database = open<object>({ path })
const secret = 'x'.repeat(43)
await database.put(secret, {
  site: 'shop',
  carrier: 'cookie',
  state: {
    status: 'signed-in',
    sid: 'y'.repeat(22),
    expiresAt: 1_800_000_000_000,
    idleExpiresAt: 1_800_000_000_000,
    revision: 1_800_000_000_000,
    access: 'granted',
    user: { name: 'A Customer', email: 'customer@mail.example', sub: 'customer' },
  },
})
const app = new Hono()
app.get('/session', (context) => context.json(database.get(getCookie(context, 'session') ?? '') ?? null))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
if (!server.listening) await once(server, 'listening')

reportReady(
  { port: (server.address() as AddressInfo).port, path: '/session', headers: { cookie: `session=${secret}` } },
  {
    async close() {
      server.closeAllConnections()
      await database.close()
      rmSync(path, { recursive: true })
    },
  },
)
