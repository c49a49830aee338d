import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ENDPOINTS } from '@isthmus/protocol'
import { stringifyCookie } from 'cookie'
import { expect, it, onTestFinished, vi } from 'vitest'
import { freePort } from './free-port.test-world.ts'
import { CUSTOMER, createWorld, SHOP, type World } from './hub.test-world.ts'
import { nodeHandler } from './node.ts'
import { redisStore } from './store/redis.ts'
import { hasRedis, startRedis } from './store/redis-server.test-world.ts'

const NGINX = process.env.ISTHMUS_NGINX ?? 'nginx'
const hasNginx = spawnSync(NGINX, ['-v']).status === 0
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

/** Runs nginx on the configuration of the documentation; gives its address. */
async function startNginx(ports: readonly number[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-nginx-'))
  const port = await freePort()
  const shown = await readFile(resolve(import.meta.dirname, '../../../docs/deploy/nginx.conf'), 'utf8')
  const here = shown
    .replace('10.0.0.11:4000', `127.0.0.1:${ports[0]}`)
    .replace('10.0.0.12:4000', `127.0.0.1:${ports[1]}`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port};`)
    .replace(/^ *ssl_.*$/gm, '')
  expect(here).not.toMatch(/10\.0\.0|\b443\b|ssl_/)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const whole = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; events {}
    http { access_log off; ${paths.join(' ')} ${here} }`
  await writeFile(join(folder, 'nginx.conf'), whole)
  const nginx: ChildProcess = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = nginx.exitCode === null && once(nginx, 'exit')
    nginx.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true })
  })
  const address = `http://127.0.0.1:${port}`
  await vi.waitFor(() => fetch(address), { timeout: 20_000 })
  return address
}

const isGood = (status: number): boolean => status === 200

/** A browser: asks again and again, and holds a stream. Keeps the statuses of all answers and states. */
function startClient(address: string, cookie: string) {
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
        const answer = await fetch(address + ENDPOINTS.session.path, { headers, signal: stop.signal })
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
        const answer = await fetch(address + ENDPOINTS.events.path, { headers, signal: stop.signal })
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

it.skipIf(!hasRedis || !hasNginx)(
  'two hubs behind nginx restart one after the other, and no client is signed out',
  async () => {
    await using redis = await startRedis()
    const hubs = [await startHub(redis.url), await startHub(redis.url)] as [HubServer, HubServer]
    onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.end()))))
    const address = await startNginx(hubs.map(({ port }) => port))
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const browser = hubs[0].world.agent()
        await browser.signIn(CUSTOMER)
        return startClient(address, stringifyCookie(Object.fromEntries(browser.cookies)))
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
      // What a server cannot answer any more is said to be so, and asked again.
      expect(answers.filter((status) => status !== 200 && status !== 503)).toEqual([])
    }

    // The streams have come back: they hear what ends them.
    expect(await hubs[1].world.hub.sessions.revokeAll('customer')).toBe(CLIENTS)
    await Promise.all(clients.map(({ over }) => over))
    for (const { states } of clients) expect(states.at(-1)).toBe('signed-out')
  },
)
