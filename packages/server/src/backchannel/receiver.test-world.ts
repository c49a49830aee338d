import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { decodeJwt, type JWTPayload } from 'jose'

/** One request that came in. */
export interface Received {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** What the token in it says, unverified. */
  readonly claims: JWTPayload
}

/** The back end of a site: a real server on this machine. */
export interface Receiver extends AsyncDisposable {
  readonly uri: string
  readonly received: Received[]
  /** Sockets that are open. */
  readonly open: Set<Socket>
  /** How it answers from now on. */
  behave(behaviour: Behaviour): void
}

export type Behaviour = (response: ServerResponse, request: IncomingMessage) => unknown

/** Answers with a status and nothing else. */
export function says(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (response) => response.writeHead(status, headers).end()
}

/** Takes the request, and never answers. */
export const hangs: Behaviour = () => undefined

/** Starts one; by default it takes every token with 200. */
export async function startReceiver(behaviour: Behaviour = says(200)): Promise<Receiver> {
  let answer = behaviour
  const received: Received[] = []
  const open = new Set<Socket>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const token = new URLSearchParams(body).get('logout_token')
    const { method, url: path, headers } = request
    received.push({ method, path, headers, body, claims: token ? decodeJwt(token) : {} })
    answer(response, request)
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    uri: `http://127.0.0.1:${port}/bye`,
    received,
    open,
    behave(next) {
      answer = next
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
