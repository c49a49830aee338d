import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { reportReady } from '../report-ready.ts'

// What node:http itself costs.
const body = JSON.stringify({ text: 'x'.repeat(250) })
const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
const server = createServer((_, response) => response.writeHead(200, headers).end(body)).listen(0, '127.0.0.1')
await once(server, 'listening')

reportReady(
  { port: (server.address() as AddressInfo).port, path: '/', headers: {} },
  { close: async () => server.closeAllConnections() },
)
