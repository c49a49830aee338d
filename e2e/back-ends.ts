import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as send } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { HostHandler } from '@isthmus/testing'
import { foundLanguages } from './languages.ts'

/** The example sites, by the language of their back end. */
export const BACK_ENDS = ['express', 'php', 'python'] as const
export type BackEndName = (typeof BACK_ENDS)[number]

/** Back ends inside a framework that protects its forms. CodeIgniter comes by Composer, which tests do not ask: its names are stood in for. */
export const FRAMEWORKS = ['codeigniter', 'laravel', 'django'] as const
export type FrameworkName = (typeof FRAMEWORKS)[number]

/** Every example that is a process: the one in Next.js is built first, see front-ends/build-next-site.ts. */
type ExampleName = BackEndName | FrameworkName | 'next'

/** An example site as a process of its own. */
export interface BackEnd extends AsyncDisposable {
  /** Where it listens: plain http, on loopback, as behind a proxy. */
  readonly url: string
  /** The folder of its data. */
  readonly data: string
  /** Serves it under another name, as a proxy does. */
  readonly proxy: HostHandler
}

/** What an example takes from its environment. */
export interface BackEndOptions {
  readonly hub: string
  readonly site: string
  readonly jwks: string
  /** Where it listens; reserved with {@link freePort}, so that the hub can be told before. */
  readonly port: number
  /** Address of the site that staff is sent to. */
  readonly shop?: string
  /** The site's own origin: it keeps the token in an HttpOnly cookie. */
  readonly origin?: string
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Starts an example the way its README does; `undefined` where its language could not be had. */
export async function startBackEnd(name: ExampleName, options: BackEndOptions): Promise<BackEnd | undefined> {
  const { hub, site, jwks, port, shop = '', origin = '' } = options
  const command = commandOf(name, port)
  if (!command) return undefined
  const data = await mkdtemp(join(tmpdir(), `isthmus-${name}-`))
  const said: string[] = []
  const child = spawn(command.executable, command.parameters, {
    cwd: path(command.folder),
    env: {
      ...process.env,
      HUB: hub,
      SITE: site,
      JWKS: jwks,
      PORT: String(port),
      DATA: data,
      SHOP: shop,
      ORIGIN: origin,
      MIRROR: origin ? 'endpoint' : 'cookie',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)))
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(data, { recursive: true, force: true })
  }
  try {
    await listening(child, port, said)
  } catch (error) {
    await close()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, data, proxy: proxyTo(port), [Symbol.asyncDispose]: close }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Command {
  readonly executable: string
  readonly parameters: readonly string[]
  readonly folder: string
}

/** `undefined` where its language could not be had. */
function commandOf(name: ExampleName, port: number): Command | undefined {
  const { php, laravel, python } = foundLanguages()
  const phpServer = ['-S', `127.0.0.1:${port}`]
  const commands: Record<typeof name, Omit<Command, 'executable'> & { readonly executable: string | undefined }> = {
    express: { executable: process.execPath, parameters: ['dist/main.js'], folder: '../examples/express-site' },
    next: {
      executable: process.execPath,
      parameters: [
        fileURLToPath(import.meta.resolve('next/dist/bin/next')),
        'start',
        '--hostname',
        '127.0.0.1',
        '--port',
        String(port),
      ],
      folder: '../examples/next-site',
    },
    php: { executable: php, parameters: [...phpServer, 'index.php'], folder: '../examples/php-site' },
    python: { executable: python, parameters: ['-B', 'app.py'], folder: '../examples/python-site' },
    codeigniter: { executable: php, parameters: [...phpServer, 'codeigniter-stand-in.php'], folder: './back-ends' },
    laravel: { executable: laravel, parameters: [...phpServer, 'laravel-site.php'], folder: './back-ends' },
    django: { executable: python, parameters: ['-B', 'django_site.py'], folder: '../examples/python-site' },
  }
  const { executable, ...rest } = commands[name]
  return executable === undefined ? undefined : { executable, ...rest }
}

/** Waits until a process that was started takes connections. */
export async function listening(child: ChildProcess, port: number, said: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(25)) {
    if (child.exitCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen on ${port}: ${said.join('')}`)
}

/** Serves what listens on another port, as a proxy does. */
export function proxyTo(port: number): HostHandler {
  return (request, response) => {
    const { method, url: path, headers } = request
    const onward = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }
}
