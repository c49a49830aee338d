import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { createHub, memoryStore } from '@isthmus/server'
import { launchBrowser } from '@isthmus/testing'
import { build } from 'vite'
import { startBrowserWorld } from '../browser-world.ts'
import { table } from '../rounds.ts'

const HUB = 'https://auth.example.com'
const SITE = 'https://shop.example'

/** The peers, as a page that signs a user in imports them. */
const PEERS = {
  'keycloak-js':
    "import Keycloak from 'keycloak-js'; window.client = new Keycloak({ url: '', realm: '', clientId: '' })",
  'oidc-client-ts': "import { UserManager } from 'oidc-client-ts'; window.client = new UserManager({})",
}

/** What `{ createSession }` is, and what it loads later. */
const CLIENT = ['core.js', 'page-part.js', 'tab-memory.js', 'travel-part.js', 'diagnosis-part.js']

/** What crosses the wire, compressed by Brotli. */
export async function measureSize(): Promise<string> {
  const rows = [
    ...(await scripts()),
    ...(await Promise.all(Object.entries(PEERS).map(([name, code]) => peer(name, code)))),
    ...(await pageViews()),
  ]
  return table(['size', 'bytes'], rows)
}

async function scripts(): Promise<string[][]> {
  const assets = fileURLToPath(new URL('../assets/', import.meta.resolve('@isthmus/server')))
  const client = import.meta.resolve('@isthmus/client')
  const parts = (await readdir(`${assets}immutable`)).map((name) => `immutable/${name}`)
  const files = [
    ...CLIENT.map((name) => [`@isthmus/client: ${name}`, fileURLToPath(new URL(name, client))]),
    ...['client.js', 'greeter.js', ...parts].map((name) => [name.replace(/-[\w-]{8}\.js$/, ''), assets + name]),
  ] as [string, string][]
  return Promise.all(files.map(async ([name, path]) => [name, bytes(brotliCompressSync(await readFile(path)).length)]))
}

async function peer(name: string, code: string): Promise<string[]> {
  const { version } = JSON.parse(
    await readFile(new URL(`../../../node_modules/${name}/package.json`, import.meta.url), 'utf8'),
  ) as { version: string }
  const entry = 'virtual:entry'
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? code : undefined),
      },
    ],
    build: { write: false, target: 'es2022', rolldownOptions: { input: entry } },
  })
  const { output } = [built].flat()[0] as { output: { type: string; code: string }[] }
  const text = output.map((chunk) => chunk.code ?? '').join('')
  return [`${name} ${version}`, bytes(brotliCompressSync(text).length)]
}

/** Answers with their heads, as HTTP/1.1 writes them; what a browser sends is not counted. */
async function pageViews(): Promise<string[][]> {
  const sites = [{ id: 'shop', origins: [SITE], claims: ['name'] }]
  const hub = await createHub({ origin: HUB, sites, store: memoryStore() })
  try {
    const signIn = new Request(`${HUB}/login`, { method: 'POST', headers: { origin: HUB } })
    const { cookies } = await hub.signIn(signIn, { sub: 'u', claims: { name: 'A user' } })
    const cookie = cookies.map((text) => text.split(';')[0]).join('; ')
    const weigh = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
      const all = { cookie, 'accept-encoding': 'gzip, deflate, br, zstd', ...headers }
      const response = await hub.fetch(new Request(HUB + path, { headers: all }))
      const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const reader = response.body?.getReader()
      let length = `HTTP/1.1 200 OK\r\n${head}\r\n`.length
      // Of the stream, its first event.
      const isStream = response.headers.get('content-type') === 'text/event-stream'
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        length += (part.value as Uint8Array).length
        if (isStream) break
      }
      await reader?.cancel()
      return length
    }
    const document = await weigh('/isthmus/hub', { referer: `${SITE}/` })
    const stream = await weigh('/isthmus/events', { 'sec-fetch-site': 'same-origin', 'isthmus-origin': SITE })
    const page = await (await hub.fetch(new Request(`${HUB}/isthmus/hub`))).text()
    const script = /<script defer src="(.*?)">/.exec(page)?.[1] ?? ''
    const code = await (await hub.fetch(new Request(HUB + script))).text()
    const worker = /\/isthmus\/assets\/worker-[\w-]+\.js/.exec(code)?.[0] ?? ''
    const client = await weigh('/isthmus/client.js')
    const tag = await (await hub.fetch(new Request(`${HUB}/isthmus/client.js`))).text()
    let parts = 0
    // After the first answer: the part of every page, and what explains a hub that is gone by then.
    for (const name of ['page', 'diagnosis'])
      parts += await weigh(new RegExp(`/isthmus/assets/client-${name}-[\\w-]+\\.js`).exec(tag)?.[0] ?? '')
    const first = client + parts + document + stream + (await weigh(script)) + (await weigh(worker))
    return [
      ['first page view of a user who is signed in, with heads', bytes(first)],
      ['next page view, with heads', bytes(document + stream)],
      ['requests to the hub of a page view that finds all cached', (await requestsOfNextView()).join(', ')],
    ]
  } finally {
    await hub.close()
  }
}

/** In Chromium, as the hub sees them. */
async function requestsOfNextView(): Promise<string[]> {
  await using world = await startBrowserWorld(1)
  await using browser = await launchBrowser('chromium-allowed', { certificate: world.certificate })
  const tab = await browser.newTab()
  await tab.goto(world.url('hub', '/sign-in'))
  const isOpen = () => world.hosts.requests.filter(({ path }) => path === '/isthmus/events').length
  const view = async (): Promise<string[]> => {
    const [before, streams] = [world.hosts.requests.length, isOpen()]
    await tab.goto(world.url(0, '/isthmus'))
    await tab.waitFor('window.took')
    while (isOpen() === streams) await tab.evaluate('new Promise((resolve) => setTimeout(resolve, 50, 1))')
    const paths = world.hosts.requests.slice(before).map(({ path }) => path.replace(/\?.*/, ''))
    return paths.filter((path) => path.startsWith('/isthmus/'))
  }
  await view()
  const paths = await view()
  return paths
}

function bytes(count: number): string {
  return count.toLocaleString('en')
}
