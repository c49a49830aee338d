import { once } from 'node:events'
import { createServer, type OutgoingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub, type HubConfig, memoryStore } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { createVerifier } from '@isthmus/site'
import { backchannelLogout } from '@isthmus/site/express'
import express from 'express'
import { examine, type Finding } from './examine.ts'

/** Where the sites of a deployment take logouts. */
export const LOGOUT_PATH = '/isthmus/backchannel-logout'

/** A server on loopback. */
interface Listening extends AsyncDisposable {
  readonly origin: string
}

export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What stands in front of the hub or of the site: it answers itself, changes what comes or goes, or does nothing. */
export type Faulty = (...exchange: Parameters<RequestListener>) => unknown

/** A hub, its login page and a site, all well but for what stands in front of them. */
export interface Deployment extends AsyncDisposable {
  readonly hub: string
  readonly shop: string
  /** What the doctor finds of all of it. */
  findings(inFront?: { readonly hub?: Faulty; readonly site?: Faulty }): Promise<readonly Finding[]>
}

/** @param config what the hub is told otherwise */
export async function deploy(config: Partial<HubConfig> = {}): Promise<Deployment> {
  let faulty: { hub?: Faulty; site?: Faulty } = {}
  const [app, auth] = [express(), express()]
  const behind = (name: keyof typeof faulty, program: RequestListener): Promise<Listening> =>
    listen((request, response) => {
      faulty[name]?.(request, response)
      if (!response.writableEnded) program(request, response)
    })
  const [hubServer, siteServer] = [await behind('hub', auth), await behind('site', app)]
  const [hub, shop] = [hubServer.origin, siteServer.origin]
  const sites = [{ id: 'shop', origins: [shop] }]
  const running = await createHub({ origin: hub, sites, store: memoryStore(), ...config })
  auth.get('/login', (_, response) => void response.send('<form method="post">'))
  auth.use(nodeHandler(running))
  app.post(LOGOUT_PATH, (request, response) =>
    // A new one each time: it asks for an unknown key once in thirty seconds.
    backchannelLogout(createVerifier({ hub, site: 'shop' }))(request, response),
  )
  app.get('/', (_, response) => {
    response.set(
      'Content-Security-Policy',
      `default-src 'self'; frame-src ${hub}; connect-src ${hub}; script-src ${hub}`,
    )
    response.send(`<!doctype html><script src="${hub}/isthmus/client.js" async></script>`)
  })
  return {
    hub,
    shop,
    findings(inFront = {}) {
      faulty = inFront
      return examine({ hub, sites: [`${shop}/`], logoutPath: LOGOUT_PATH })
    },
    async [Symbol.asyncDispose]() {
      await running.close()
      for (const server of [hubServer, siteServer]) await server[Symbol.asyncDispose]()
    },
  }
}

/** Only on one path. */
export const at =
  (path: string, faulty: Faulty): Faulty =>
  (request, response) =>
    request.url?.split('?', 1)[0] === path && faulty(request, response)

/** Answers itself. */
export const answer =
  (status: number, headers: OutgoingHttpHeaders = {}, body = ''): Faulty =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

/** Sets a header, whatever the program says there; `undefined` takes it away. */
export const overrides =
  (name: string, change: (value: unknown) => string | string[] | undefined): Faulty =>
  (_, response) => {
    const writeHead = response.writeHead.bind(response)
    const changed = (status: number, headers: OutgoingHttpHeaders = {}) => {
      const found = Object.keys(headers).find((one) => one.toLowerCase() === name)
      const value = change(found === undefined ? response.getHeader(name) : headers[found])
      const { [found ?? name]: _, ...others } = headers
      response.removeHeader(name)
      return writeHead(status, value === undefined ? others : { ...others, [name]: value })
    }
    response.writeHead = changed as typeof response.writeHead
  }

/** Loses a header of the request. */
export const loses =
  (name: string): Faulty =>
  (request) => {
    delete request.headers[name]
    request.rawHeaders = request.rawHeaders.map((one) => (one.toLowerCase() === name ? 'x-lost' : one))
  }

/** Changes the text of an answer on the way. */
export const rewrites =
  (change: (text: string) => string): Faulty =>
  (request, response) => {
    loses('accept-encoding')(request, response)
    overrides('content-length', () => undefined)(request, response)
    collect(response, (text) => change(text))
  }

/** Holds the answer back until its end, with its head or without. */
export const buffers =
  (withHead: boolean): Faulty =>
  (_, response) =>
    collect(
      response,
      (text) => text,
      () => withHead || response.flushHeaders(),
    )

/** Keeps what is written until the end. */
function collect(response: ServerResponse, change: (text: string) => string, onWrite?: () => unknown): void {
  let kept = ''
  const end = response.end.bind(response)
  const keep = (chunk: unknown = ''): void => {
    kept += typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString()
  }
  response.write = ((chunk: unknown) => {
    onWrite?.()
    keep(chunk)
    return true
  }) as typeof response.write
  response.end = ((chunk: unknown) => {
    keep(chunk)
    return end(change(kept))
  }) as typeof response.end
}
