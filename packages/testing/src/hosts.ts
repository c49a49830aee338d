import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Certificate } from './certificate.ts'

/** What answers for one host. An Express application is one. */
export type HostHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** Settings of {@link startHosts}. */
export interface HostsOptions {
  /** Serve https with this certificate; without it, http. */
  readonly tls?: Certificate
  /** Port on 127.0.0.1. Default 0: the system picks a free one. Give an earlier `port` to come back where a closed server was. */
  readonly port?: number
  /** Handlers to begin with, by host name. */
  readonly handlers?: Readonly<Record<string, HostHandler>>
}

/** A request that reached a host. */
export interface HostRequest {
  readonly host: string
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** What it is for, by `Sec-Fetch-Dest`: `document` is a navigation of a tab, `iframe` that of a frame. Over https every engine says it. */
  readonly destination: string | undefined
  readonly headers: IncomingHttpHeaders
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  /** The status of the answer; `undefined` while there is none. */
  readonly status: number | undefined
}

/** Several domains behind one port of 127.0.0.1. */
export interface Hosts extends AsyncDisposable {
  readonly port: number
  /** Every request so far, oldest first, those to unknown and cut hosts among them. */
  readonly requests: readonly HostRequest[]
  /** The origin of a host, port included: `https://shop.localhost:40123`. */
  origin(host: string): string
  /** Puts a handler behind a host, or another one in its place. */
  set(host: string, handler: HostHandler): void
  /**
   * Takes a host off the network until it is `set` again: what is open to it breaks off at once (streams too), new
   * requests break without an answer. The other hosts go on.
   */
  cut(host: string): void
  /**
   * Lets every connection that is open to a host die in silence (half-open TCP), as a laptop that slept or a router that
   * forgot leaves them: what is sent over them, either way, is lost, and nobody is told. New connections work. With
   * `path`, only those whose last request was for that path.
   */
  silence(host: string, path?: string): void
  /** Ends the server at once, breaking what is still open. */
  close(): Promise<void>
}

/**
 * Starts one server that answers for every host by its Host header. A host that was never set gets 421.
 *
 * @throws the system's error (`EADDRINUSE`) if `port` is taken
 */
export async function startHosts(options: HostsOptions = {}): Promise<Hosts> {
  const handlers = new Map<string, HostHandler | 'cut'>(Object.entries(options.handlers ?? {}))
  const open = new Map<Socket, { readonly host: string | undefined; readonly path: string | undefined }>()
  const silent = new Set<Socket>()
  const requests: HostRequest[] = []

  const answer = (request: IncomingMessage, response: ServerResponse): unknown => {
    const host = hostName(request.headers.host)
    if (silent.has(request.socket)) return undefined
    open.set(request.socket, { host, path: request.url?.replace(/\?.*/, '') })
    requests.push(describeRequest(host, request, response))
    const handler = handlers.get(host)
    if (handler === 'cut') return request.socket.destroy()
    if (handler) return handler(request, response)
    return response.writeHead(421, { 'content-type': 'text/plain' }).end(`No site is set for the host "${host}".\n`)
  }
  const server = options.tls ? createHttpsServer(options.tls, answer) : createHttpServer(answer)
  const track = (socket: Socket | TLSSocket): void => {
    // A browser may connect before it has anything to ask.
    const name = 'servername' in socket && socket.servername
    open.set(socket, { host: name ? hostName(name) : undefined, path: undefined })
    socket.once('close', () => {
      open.delete(socket)
      silent.delete(socket)
    })
  }
  server.on('connection', track)
  server.on('secureConnection', track)
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo

  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of silent) giveVoice(socket)
      for (const socket of open.keys()) socket.destroy()
    })
    return closed
  }
  return {
    port,
    requests,
    origin: (host) => new URL(`${options.tls ? 'https' : 'http'}://${host}:${port}`).origin,
    set: (host, handler) => void handlers.set(host.toLowerCase(), handler),
    cut(host) {
      const name = host.toLowerCase()
      handlers.set(name, 'cut')
      for (const [socket, last] of open) if (last.host === name) socket.destroy()
    },
    silence(host, path) {
      const name = host.toLowerCase()
      for (const [socket, last] of open) {
        if (last.host !== name || (path !== undefined && last.path !== path) || silent.has(socket)) continue
        silent.add(socket)
        takeVoice(socket)
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Neither a time-out nor the program itself hangs up any more, and what is written counts as sent. */
function takeVoice(socket: Socket): void {
  const hushed = {
    write(...args: unknown[]) {
      const done = args.at(-1)
      if (typeof done === 'function') process.nextTick(done)
      return true
    },
    end: () => socket,
    destroy: () => socket,
    destroySoon() {},
  }
  Object.assign(socket, hushed)
}

function giveVoice(socket: Socket): void {
  for (const name of ['write', 'end', 'destroy', 'destroySoon']) Reflect.deleteProperty(socket, name)
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function describeRequest(
  host: string,
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
): HostRequest {
  const destination = headers['sec-fetch-dest']
  return {
    host,
    method,
    path: url,
    destination: typeof destination === 'string' ? destination : undefined,
    headers,
    at: Date.now(),
    get status() {
      return response.headersSent ? response.statusCode : undefined
    },
  }
}

const hostName = (header = ''): string => header.replace(/:\d+$/, '').toLowerCase()
