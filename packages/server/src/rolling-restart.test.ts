import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ENDPOINTS } from '@isthmus/protocol'
import { stringifyCookie } from 'cookie'
import { expect, it, onTestFinished, vi } from 'vitest'
import { freePort } from './free-port.test-world.ts'
import { CUSTOMER, createWorld, SHOP, type World } from './hub.test-world.ts'
import { nodeHandler } from './node.ts'
import { redisStore } from './store/redis.ts'
import { hasRedis, startRedis } from './store/redis-server.test-world.ts'

/** How a client asks: `fetch`, or the same over another version of HTTP. */
type Ask = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>

/** A proxy, with the configuration that the documentation shows. */
interface Proxy {
  readonly name: string
  readonly command: string
  readonly versionFlag: string
  readonly file: string
  /** What differs here: the port, and no TLS. */
  readonly replacements: (port: number) => readonly (readonly [shown: string | RegExp, here: string])[]
  /** The whole configuration around what is shown. */
  readonly whole: (shown: string, folder: string) => string
  readonly args: (folder: string, file: string) => string[]
  /** For one client. */
  readonly createAsk: () => Ask
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    command: process.env.ISTHMUS_NGINX ?? 'nginx',
    versionFlag: '-v',
    file: 'nginx.conf',
    replacements: (port) => [
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
      [/^ *ssl_.*$/gm, ''],
    ],
    whole(shown, folder) {
      const paths = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`)
      return `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; events {}
        http { access_log off; ${paths.join(' ')} ${shown} }`
    },
    args: (folder, file) => ['-p', folder, '-c', file],
    createAsk: () => fetch,
  },
  {
    name: 'HAProxy, over HTTP/2',
    command: process.env.ISTHMUS_HAPROXY ?? 'haproxy',
    versionFlag: '-v',
    file: 'haproxy.cfg',
    replacements: (port) => [[/bind :443 ssl .*$/m, `bind 127.0.0.1:${port} proto h2`]],
    whole: (shown) => shown,
    args: (_, file) => ['-db', '-f', file],
    createAsk: createHttp2Ask,
  },
]

const isThere = ({ command, versionFlag }: Proxy): boolean => spawnSync(command, [versionFlag]).status === 0

/** As `fetch`, over HTTP/2 without TLS; all questions share one connection. */
function createHttp2Ask(): Ask {
  let session: ClientHttp2Session | undefined
  onTestFinished(() => session?.destroy())
  return async (url, { headers, signal }) => {
    const { origin, pathname } = new URL(url)
    if (!session || session.closed || session.destroyed) {
      session = connectHttp2(origin)
      session.on('error', () => undefined)
    }
    const stream = session.request({ ':path': pathname, ...headers }, { signal })
    stream.on('error', () => undefined)
    const gone = new AbortController()
    stream.on('close', () => gone.abort())
    const [head] = (await once(stream, 'response', { signal: gone.signal })) as [Record<string, unknown>]
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status: Number(head[':status']) })
  }
}

const CLIENTS = 10

interface HubServer {
  readonly world: World
  readonly port: number
  /** What `isthmus serve` does at SIGTERM. */
  end(): Promise<void>
}

async function startHub(redisUrl: string, port = 0): Promise<HubServer> {
  const world = await createWorld({ store: await redisStore({ url: redisUrl }), clock: Date.now })
  const server: Server = createServer(nodeHandler(world.hub)).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    world,
    port: (server.address() as AddressInfo).port,
    async end() {
      await world.hub.drain()
      const closed = once(server, 'close')
      server.close()
      await world.hub.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Runs a proxy on the configuration of the documentation; gives its address. */
async function startProxy(proxy: Proxy, ports: readonly number[], ask: Ask): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-proxy-'))
  const port = await freePort()
  let here = await readFile(resolve(import.meta.dirname, '../../../docs/deploy', proxy.file), 'utf8')
  const replacements = [
    ['10.0.0.11:4000', `127.0.0.1:${ports[0]}`] as const,
    ['10.0.0.12:4000', `127.0.0.1:${ports[1]}`] as const,
    ...proxy.replacements(port),
  ]
  for (const [shown, replacement] of replacements) {
    const replaced = here.replace(shown, replacement)
    expect(replaced, `${proxy.file} shows ${shown}`).not.toBe(here)
    here = replaced
  }
  const file = join(folder, proxy.file)
  await writeFile(file, proxy.whole(here, folder))
  const child: ChildProcess = spawn(proxy.command, proxy.args(folder, file), { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = child.exitCode === null && once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true })
  })
  const address = `http://127.0.0.1:${port}`
  const livez = address + ENDPOINTS.livez.path
  await vi.waitFor(
    async () => expect((await ask(livez, { headers: {}, signal: AbortSignal.timeout(1000) })).status).toBe(200),
    { timeout: 20_000 },
  )
  return address
}

const isGood = (status: number): boolean => status === 200

/** A browser: asks again and again, and holds a stream. Keeps the statuses of all answers and states. */
function startClient(address: string, cookie: string, send: Ask) {
  const headers = { cookie, 'isthmus-origin': SHOP, 'sec-fetch-site': 'same-origin' }
  const answers: number[] = []
  const states: string[] = []
  const stop = new AbortController()
  let streams = 0
  const isOver = (): boolean => stop.signal.aborted || states.includes('signed-out')
  const keep = (text: string): void =>
    void states.push(...[...text.matchAll(/"status":"([a-z-]+)"/g)].map(([, one]) => one ?? ''))

  async function ask(): Promise<void> {
    while (!isOver()) {
      try {
        const answer = await send(address + ENDPOINTS.session.path, { headers, signal: stop.signal })
        answers.push(answer.status)
        keep(await answer.text())
      } catch {
        // A connection that broke off: it asks again, as the hub page does.
      }
      await sleep(10)
    }
  }

  async function follow(): Promise<void> {
    while (!isOver()) {
      try {
        const answer = await send(address + ENDPOINTS.events.path, { headers, signal: stop.signal })
        if (answer.status === 200) streams += 1
        for await (const text of (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()))
          keep(text)
      } catch {
        // It comes back, as the worker of the hub page does.
      }
      await sleep(10)
    }
  }

  const over = Promise.all([ask(), follow()])
  over.catch(() => undefined)
  onTestFinished(() => stop.abort())
  return { answers, states, streams: () => streams, over }
}

it.skipIf(!hasRedis).each(PROXIES.filter(isThere))(
  'two hubs behind $name restart one after the other, and no client is signed out',
  async (proxy) => {
    await using redis = await startRedis()
    const hubs = [await startHub(redis.url), await startHub(redis.url)] as [HubServer, HubServer]
    onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.end()))))
    const address = await startProxy(
      proxy,
      hubs.map(({ port }) => port),
      proxy.createAsk(),
    )
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const browser = hubs[0].world.agent()
        await browser.signIn(CUSTOMER)
        return startClient(address, stringifyCookie(Object.fromEntries(browser.cookies)), proxy.createAsk())
      }),
    )
    const untilAll = (fits: (client: (typeof clients)[number]) => boolean) =>
      vi.waitFor(() => expect(clients.every(fits)).toBe(true), { timeout: 20_000, interval: 10 })
    await untilAll(({ streams, answers }) => streams() > 0 && answers.length > 0)

    for (const index of [0, 1] as const) {
      const { port, end } = hubs[index]
      await end()
      const before = clients.map(({ answers }) => answers.filter(isGood).length)
      await untilAll((client) => client.answers.filter(isGood).length > (before[clients.indexOf(client)] ?? 0) + 5)
      hubs[index] = await startHub(redis.url, port)
    }
    for (const { answers, states } of clients) {
      expect(new Set(states)).toEqual(new Set(['signed-in']))
      // What a server cannot answer any more is said to be so, and asked again: 503, or 502 where the connection that the
      // proxy had kept was closed as it was used.
      expect(answers.filter((status) => ![200, 502, 503].includes(status))).toEqual([])
    }

    // The streams have come back: they hear what ends them.
    expect(await hubs[1].world.hub.sessions.revokeAll('customer')).toBe(CLIENTS)
    await Promise.all(clients.map(({ over }) => over))
    for (const { states } of clients) expect(states.at(-1)).toBe('signed-out')
  },
)
