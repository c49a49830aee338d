import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createHub, memoryStore } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { type Certificate, createCertificate, type HostHandler, type Hosts, startHosts } from '@isthmus/testing'

/** A hub, sites, and the least that could do the same beside them, on one server. */
export interface BrowserWorld extends AsyncDisposable {
  readonly hosts: Hosts
  readonly certificate: Certificate
  /** `number`: one of the sites, each a partition of its own. */
  url(host: 'hub' | number, path: string): string
  /** Every answer of the auth domain comes this much later. */
  delay(ms: number): void
}

const HUB = 'auth.localhost'
const hostOf = (site: number): string => `site${site}.localhost`

/** Where sites serve the client, as files beside each other. */
const CLIENT = '/isthmus-client/'

/** Shows the session by Isthmus, and how long it took since the session object was made; links the partition if need be. */
const isthmusPage = (hub: string, options = ''): string => `<script type="module">
  import { createSession, fetchTransport } from '${CLIENT}index.js'
  sessionStorage.begunAt ??= performance.timeOrigin
  const at = performance.now()
  const session = createSession({ hub: '${hub}', link: 'manual'${options} })
  session.subscribe(({ status, reason }) => {
    if (status === 'signed-in') window.took ??= { first: performance.now() - at, all: performance.timeOrigin + performance.now() - sessionStorage.begunAt }
    if (reason === 'partitioned') session.link()
  })
</script>`

const isthmusFetchPage = (hub: string): string => isthmusPage(hub, ', transport: fetchTransport()')

/** The floor of what a request of the page itself can do. */
const bareFetchPage = (hub: string): string => `<script type="module">
  const at = performance.now()
  const response = await fetch('${hub}/isthmus/session', { credentials: 'include', cache: 'no-store' })
  if ((await response.json()).state.status === 'signed-in') window.took = { first: performance.now() - at }
</script>`

/** The floor of a first answer: a frame of another origin that holds the state, and posts it. */
const barePage = (hub: string): string => `<script type="module">
  const at = performance.now()
  addEventListener('message', ({ origin, data }) => {
    if (origin === '${hub}' && data.status) window.took ??= { first: performance.now() - at }
  })
  const frame = document.createElement('iframe')
  frame.src = '${hub}/bare/frame'
  frame.referrerPolicy = 'origin'
  frame.style.display = 'none'
  document.body.append(frame)
</script>`
const bareFrame = (site: string): string =>
  `<!doctype html><script>parent.postMessage({ status: 'signed-in', user: { sub: 'u', name: 'A user' } }, '${site}')</script>`

/** The floor of a first visit: there and back, and nothing done. */
const redirectPage = (hub: string): string => `<script type="module">
  sessionStorage.begunAt ??= performance.timeOrigin
  if (location.hash) window.took = { all: performance.timeOrigin + performance.now() - sessionStorage.begunAt }
  else location.assign('${hub}/bare/back?to=' + encodeURIComponent(location.href))
</script>`

export async function startBrowserWorld(sites: number): Promise<BrowserWorld> {
  const names = Array.from({ length: sites }, (_, site) => hostOf(site))
  const certificate = await createCertificate([HUB, ...names])
  const hosts = await startHosts({ tls: certificate })
  const origin = hosts.origin(HUB)
  const hub = await createHub({
    origin,
    sites: names.map((name, site) => ({ id: `site${site}`, origins: [hosts.origin(name)], claims: ['name'] })),
    store: memoryStore(),
  })
  const client = await clientFiles()
  const handler = nodeHandler(hub)
  let delayMs = 0
  const authDomain: HostHandler = async (request, response) => {
    if (delayMs > 0) await sleep(delayMs)
    const { pathname, searchParams } = new URL(request.url ?? '/', origin)
    if (pathname === '/sign-in') {
      const { cookies } = await hub.signIn(request, { sub: 'u', claims: { name: 'A user' } })
      return void response.writeHead(200, { 'set-cookie': cookies, 'content-type': 'text/html' }).end('Signed in')
    }
    if (pathname === '/bare/back')
      return void response.writeHead(303, { location: `${searchParams.get('to')}#back` }).end()
    if (pathname !== '/bare/frame') return handler(request, response)
    const from = new URL(request.headers.referer ?? origin).origin
    return void response
      .writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' })
      .end(bareFrame(from))
  }
  const site: HostHandler = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', origin)
    const file = client.get(pathname)
    if (file) {
      const headers = { 'content-type': 'text/javascript', 'cache-control': 'max-age=3600' }
      return void response.writeHead(200, headers).end(file)
    }
    const page = {
      '/isthmus': isthmusPage,
      '/isthmus-fetch': isthmusFetchPage,
      '/bare': barePage,
      '/bare-fetch': bareFetchPage,
      '/redirect': redirectPage,
    }[pathname]
    if (!page) return void response.writeHead(404).end()
    return void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html><title>Site</title><body>${page(origin)}</body>`)
  }
  hosts.set(HUB, authDomain)
  for (const name of names) hosts.set(name, site)
  return {
    hosts,
    certificate,
    url: (host, path) => (host === 'hub' ? origin : hosts.origin(hostOf(host))) + path,
    delay(ms) {
      delayMs = ms
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await hosts.close()
    },
  }
}

async function clientFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@isthmus/client')))
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  return new Map(await Promise.all(names.map(async (name) => [CLIENT + name, await readFile(folder + name)] as const)))
}
