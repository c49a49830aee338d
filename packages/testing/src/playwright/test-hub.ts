import { type IncomingMessage, request as send } from 'node:http'
import { createHub, type Hub, memoryStore, type SiteConfig, type Subject } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import express from 'express'
import type { Certificate } from '../certificate.ts'
import { type HostHandler, type Hosts, startHosts } from '../hosts.ts'

/** One site under test. */
export interface TestSite extends Omit<SiteConfig, 'id' | 'origins'> {
  /** Where the site is served by now (`http://127.0.0.1:3000`), or a handler, which is given the origin of the hub. */
  readonly serve: string | ((hub: string) => HostHandler)
}

/** A hub and the sites under test, on domains of their own below `localhost`. */
export interface TestHub extends AsyncDisposable {
  readonly hub: Hub
  readonly hosts: Hosts
  /** The hub's origin: `https://auth-1.localhost:4400`. */
  readonly origin: string
  /** Address of a site's page. */
  url(site: string, path?: string): string
}

export interface TestHubOptions {
  readonly certificate: Certificate
  readonly sites: Readonly<Record<string, TestSite>>
  readonly users: Readonly<Record<string, Subject>>
  readonly port: number
  /** What the names of the hosts end with: a browser that has run before has never heard of them. */
  readonly suffix: string
}

export async function startTestHub({ certificate, sites, users, port, suffix }: TestHubOptions): Promise<TestHub> {
  const hosts = await startHosts({ tls: certificate, port })
  const nameOf = (site: string): string => `${site}${suffix}.localhost`
  const origin = hosts.origin(nameOf('auth'))
  const hub = await createHub({
    origin,
    sites: Object.entries(sites).map(([id, { serve: _, ...site }]) => ({
      ...site,
      id,
      origins: [hosts.origin(nameOf(id))],
    })),
    store: memoryStore(),
  })
  hosts.set(nameOf('auth'), express().use(nodeHandler(hub)).use(loginPage(hub, users)))
  for (const [id, { serve }] of Object.entries(sites)) {
    hosts.set(nameOf(id), typeof serve === 'string' ? proxyTo(new URL(serve)) : serve(origin))
  }
  return {
    hub,
    hosts,
    origin,
    url: (site, path = '/') => hosts.origin(nameOf(site)) + path,
    async [Symbol.asyncDispose]() {
      await hub.close()
      await hosts.close()
    },
  }
}

/** A login page with a button for each user. */
function loginPage(hub: Hub, users: Readonly<Record<string, Subject>>): express.Express {
  const app = express()
  app.get('/login', (_, response) => {
    const buttons = Object.keys(users).map(
      (name) => `<button name="user" value="${escapeMarkup(name)}">${escapeMarkup(name)}</button>`,
    )
    response.send(`<!doctype html><title>Sign in</title><form method="post">${buttons.join('')}</form>`)
  })
  app.post('/login', express.urlencoded({ extended: false }), async (request, response) => {
    const user = users[String(request.body.user)]
    if (!user) return void response.status(401).send('There is no such user.')
    const { cookies, redirectTo } = await hub.signIn(request, user)
    response.append('Set-Cookie', cookies)
    response.redirect(303, redirectTo)
  })
  app.get('/', (_, response) => void response.send('<!doctype html><title>Auth</title><h1>Auth domain</h1>'))
  return app
}

/** Serves a site that runs already under another name, as a proxy does. */
function proxyTo({ hostname, port }: URL): HostHandler {
  return (request: IncomingMessage, response) => {
    const { method, url: path, headers } = request
    const onward = send({ hostname, port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  }
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
