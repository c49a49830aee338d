import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { reportReady } from '../report-ready.ts'

// The least that a stream can be: a list of open answers, and one loop that writes to all of them.
const count = Number(process.argv[2])
const open: ServerResponse[] = []
const event = `event: state\ndata: ${JSON.stringify({ text: 'x'.repeat(200) })}\n\n`
const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store, no-transform' }
const server = createServer((_, response) => {
  open.push(response.writeHead(200, headers))
  response.write(event)
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
await once(server, 'listening')

reportReady(
  { port: (server.address() as AddressInfo).port, path: '/', headers: {} },
  {
    orders: {
      cookies: async () => Array.from({ length: count }, (_, index) => `session=${index}`),
      async end() {
        for (const response of open.splice(0)) response.end(event)
      },
    },
    close: async () => server.closeAllConnections(),
  },
)
