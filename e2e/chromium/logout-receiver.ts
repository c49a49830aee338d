import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'

/** The back end of a site, as far as it takes logout tokens; it answers when and as the test says. */
export interface LogoutReceiver extends AsyncDisposable {
  readonly uri: string
  /** The sessions it was told of, in their order. */
  readonly told: unknown[]
  /** What it answers from now on; `undefined` keeps every request waiting until the next call. */
  answer(status: number | undefined): void
}

export async function startLogoutReceiver(first: number | undefined): Promise<LogoutReceiver> {
  let status = first
  const told: unknown[] = []
  const waiting: ServerResponse[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    told.push(decodeJwt(new URLSearchParams(body).get('logout_token') ?? '').sid)
    if (status === undefined) waiting.push(response)
    else response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bye`,
    told,
    answer(next) {
      status = next
      if (next !== undefined) for (const response of waiting.splice(0)) response.writeHead(next).end()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
