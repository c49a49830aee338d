import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.test-world.ts'

/** A real server of Redis on a free port, with its data in a folder of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>
  /** Starts it again with its data. */
  start(): Promise<void>
  pause(): void
  resume(): void
}

const COMMAND = process.env.ISTHMUS_REDIS ?? 'redis-server'

/** Whether there is one. The set-up of the unit tests has tried to install it, and said so loudly if it could not. */
export const hasRedis: boolean = spawnSync(COMMAND, ['--version']).status === 0

if (!hasRedis) {
  const words = 'redis-server is missing: the tests of the Redis store cannot run. On Debian: apt install redis-server.'
  if (process.env.CI === 'true') throw new Error(words)
  console.warn(words)
}

export async function startRedis(...options: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-redis-'))
  const port = await freePort()
  // What is answered is on the disk: by default Redis holds writes back while the disk is busy, and a killed one loses them.
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
  const common = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...durable]
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    child = spawn(COMMAND, [...common, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
    let log = ''
    for await (const data of child.stdout ?? []) {
      log += String(data)
      if (log.includes('Ready to accept connections')) break
    }
    if (!log.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${log}`)
    child.stdout?.resume()
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true })
    },
  }
}
