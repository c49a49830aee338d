import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Servers on both loopback addresses at one port. */
export interface Loopback {
  readonly port: number
  /** Starts to answer; requests that come before wait. */
  serve(listener: RequestListener): void
  /** Stops listening and destroys every socket, open event streams included. */
  close(): Promise<void>
}

/**
 * Listens on 127.0.0.1 and ::1 only: the passwords of the demo are public. Browsers resolve `*.localhost` to either,
 * so both are taken, or another program could answer on the one left over. Port 0 takes any free port.
 * @throws the listen error, `EADDRINUSE` for a port in use.
 */
export async function listenOnLoopback(port: number): Promise<Loopback> {
  const first = await listen('127.0.0.1', port)
  const taken = (first.address() as AddressInfo).port
  const servers = [first]
  try {
    servers.push(await listen('::1', taken))
  } catch (error) {
    // A machine without IPv6 has nobody who could answer there.
    if (!isCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) {
      await Promise.all(servers.map(end))
      throw error
    }
  }

  return {
    port: taken,
    serve(listener) {
      for (const server of servers) server.on('request', listener)
    },
    async close() {
      await Promise.all(servers.map(end))
    },
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

async function end(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

/** Tells whether an error carries one of these system codes. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
