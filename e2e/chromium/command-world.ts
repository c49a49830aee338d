import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Certificate, type HostHandler, startHosts } from '@isthmus/testing'
import { freePort, listening, proxyTo } from '../back-ends.ts'
import { foundLanguages } from '../languages.ts'
import { openIdProvider } from '../openid-provider.ts'
import { installPackedIn } from '../packed.ts'
import { createSiteApp } from '../site-app.ts'
import { newHostNames } from '../world.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** How the hub of a test lets users sign in. */
export type Login = 'php' | 'python' | 'provider'

const KEY = 'a shared key of thirty-two bytes!'
const SITES = ['shop', 'news', 'staff'] as const

/** Where its sessions live: a folder, or a Redis of its own. */
export type StoreKind = 'lmdb' | 'redis'

/** `isthmus serve`, installed from its tarball, as a process behind https; its login as another one, and three sites. */
export interface CommandWorld extends AsyncDisposable {
  url(host: 'hub' | (typeof SITES)[number], path?: string): string
  /** Where the provider is, if there is one. */
  readonly issuer: string
  /** Runs another command of `isthmus` beside the hub, with its configuration. */
  run(...parameters: string[]): Promise<unknown>
}

export async function startCommandWorld(tls: Certificate, login: Login, kind: StoreKind): Promise<CommandWorld> {
  const names = newHostNames()
  /** What has to be ended again, the last one first. */
  const endings: (() => unknown)[] = []
  const endAll = async (): Promise<void> => {
    for (const end of endings.reverse()) await end()
  }
  const hosts = await startHosts({ tls })
  endings.push(() => hosts.close())
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-command-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  await installPackedIn(folder)
  const command = join(folder, 'node_modules', '.bin', 'isthmus')
  const [port, loginPort] = [await freePort(), await freePort()]
  const origin = hosts.origin(names.hub)
  const said: string[] = []
  const start = (executable: string, parameters: string[], more: NodeJS.ProcessEnv, cwd: string): ChildProcess => {
    const env = { ...process.env, ...more, ASSERTION_KEY: KEY }
    const child = spawn(executable, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)))
    endings.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    })
    return child
  }

  let issuer = ''
  try {
    if (login === 'provider') issuer = await startProvider(endings, origin, port)
    else {
      const parameters = login === 'php' ? ['-S', `127.0.0.1:${loginPort}`, 'login.php'] : ['-B', 'login.py']
      const env = { HUB: origin, PORT: String(loginPort) }
      const page = start(foundLanguages()[login] ?? login, parameters, env, path('../../examples/login-pages'))
      await listening(page, loginPort, said)
    }

    let store = './data'
    if (kind === 'redis') {
      const redisPort = await freePort()
      const options = ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
      await listening(start(foundLanguages().redis ?? 'redis-server', options, {}, folder), redisPort, said)
      store = `redis://127.0.0.1:${redisPort}`
    }

    const site = (id: (typeof SITES)[number]): object => ({
      id,
      origins: [hosts.origin(names[id])],
      claims: ['name'],
      ...(id === 'staff' && { groups: { anyOf: ['staff'] } }),
    })
    const provider = { id: 'company', issuer, clientId: 'hub', clientSecret: KEY, groups: 'roles' }
    const config = {
      origin,
      store,
      login: login === 'provider' ? { oidc: [provider] } : { assertion: { key: { env: 'ASSERTION_KEY' } } },
      listen: { port },
      sites: SITES.map(site),
    }
    await writeFile(join(folder, 'isthmus.config.json'), JSON.stringify(config))
    const hub = start(process.execPath, [command, 'serve'], {}, folder)
    await listening(hub, port, said)

    hosts.set(names.hub, leading({ '/login': loginPort, '': port }))
    for (const id of SITES) hosts.set(names[id], createSiteApp({ name: id, hub: origin, uses: 'script tag' }))
  } catch (error) {
    await endAll()
    throw error
  }
  return {
    url: (host, at = '/') => hosts.origin(names[host]) + at,
    issuer,
    async run(...parameters) {
      const child = start(process.execPath, [command, ...parameters, '--json'], {}, folder)
      const text = (await child.stdout?.setEncoding('utf8').toArray())?.join('')
      return JSON.parse(text ?? '')
    },
    [Symbol.asyncDispose]: endAll,
  }
}

/** A proxy in front of the auth domain: the first prefix that fits leads on. */
function leading(ports: Readonly<Record<string, number>>): HostHandler {
  return (request, response) => {
    const [, port] = Object.entries(ports).find(([prefix]) => request.url?.startsWith(prefix)) ?? []
    return proxyTo(port ?? 0)(request, response)
  }
}

/** A provider on another domain than the hub. */
async function startProvider(endings: (() => unknown)[], hub: string, hubPort: number): Promise<string> {
  let handle: RequestListener = () => {}
  const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  // From inside the network, past the proxy: no resolver knows the domains of the tests.
  handle = openIdProvider({ issuer, hub, clientSecret: KEY, hubFromInside: `http://localhost:${hubPort}` })
  return issuer
}
