import { IsthmusError } from '@isthmus/protocol'
import { createClient, createCluster } from '@redis/client'

/** A command that takes longer has failed; the connection, if nothing at all comes any more. */
const COMMAND_TIMEOUT_MS = 3000
const SILENCE_MS = 5000
/** Longest pause between two attempts to connect again. */
const RETRY_MAX_MS = 2000
/** The first version with all that is used here. */
const OLDEST: readonly [major: number, minor: number] = [6, 2]

type Argument = string | Buffer

/** A server of Redis or Valkey, or a cluster of them. Every call rejects at once while there is no connection. */
export interface RedisConnection {
  /** Runs a command on the server that holds `key`. */
  run(key: string, command: Argument[]): Promise<unknown>
  /** Follows a channel; `onGap` is called when messages may have been lost. */
  subscribe(channel: string, listener: (message: string) => void, onGap: () => void): Promise<void>
  close(): Promise<void>
}

/** Where Redis is: one server by its URL, or some servers of a cluster. */
export type RedisPlace = { readonly url: string } | { readonly cluster: readonly string[] }

/**
 * Connects, and looks whether it is a server that a hub can live on. `key`: one of the keys that the hub will use.
 *
 * @throws IsthmusError `config-invalid`, with a sentence that names the cause and the cure.
 */
export async function openRedis(place: RedisPlace, key: string): Promise<RedisConnection> {
  const connection = 'url' in place ? connectServer(place.url) : connectCluster(place.cluster)
  try {
    await connection.connect()
    checkServer(String(await connection.run(key, ['INFO'])))
    // A server that is full answers everything but this.
    await connection.run(key, ['SET', `${key}/trial`, '1', 'PX', '1'])
    return connection
  } catch (cause) {
    await connection.close().catch(() => undefined)
    throw new IsthmusError('config-invalid', `redisStore: ${explain(nameOf(place), cause as Error)}`, { cause })
  }
}

const common = {
  // A request is answered with 503 now, and not with the truth of a minute ago later.
  disableOfflineQueue: true,
  pingInterval: SILENCE_MS / 2,
  commandOptions: { timeout: COMMAND_TIMEOUT_MS },
} as const

/** Tried for ever once it has been connected; at the start only once, so that a wrong address stops the start. */
function createSocketOptions(isConnected: () => boolean): {
  connectTimeout: number
  socketTimeout: number
  reconnectStrategy: (retries: number, cause: Error) => number | Error
} {
  return {
    connectTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    reconnectStrategy: (retries, cause) =>
      isConnected() ? Math.ceil(Math.random() * Math.min(RETRY_MAX_MS, 50 * 2 ** Math.min(retries, 10))) : cause,
  }
}

function connectServer(url: string): RedisConnection & { connect(): Promise<void> } {
  let isConnected = false
  const client = createClient({ ...common, url, socket: createSocketOptions(() => isConnected) })
  const subscriber = client.duplicate()
  // Told by the calls that fail; without a listener they would end the process.
  client.on('error', () => undefined)
  subscriber.on('error', () => undefined)
  return {
    async connect() {
      await client.connect()
      await subscriber.connect()
      isConnected = true
    },
    run: (_, command) => client.sendCommand(command),
    async subscribe(channel, listener, onGap) {
      await subscriber.subscribe(channel, listener)
      subscriber.on('ready', onGap)
    },
    async close() {
      await Promise.all([client, subscriber].map(async (one) => (client.isReady ? one.close() : one.destroy())))
    },
  }
}

function connectCluster(urls: readonly string[]): RedisConnection & { connect(): Promise<void> } {
  let isConnected = false
  const cluster = createCluster({
    rootNodes: urls.map((url) => ({ url })),
    defaults: { ...common, socket: createSocketOptions(() => isConnected) },
  })
  cluster.on('error', () => undefined)
  return {
    async connect() {
      await cluster.connect()
      isConnected = true
    },
    run: (key, command) => cluster.sendCommand(key, false, command),
    async subscribe(channel, listener, onGap) {
      await cluster.subscribe(channel, listener)
      cluster.on('node-ready', onGap)
    },
    close: () => cluster.close(),
  }
}

function checkServer(info: string): void {
  const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const version = fact('redis_version')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) throw new Error(`TOOOLD ${version}`)
  if (fact('role') !== 'master') throw new Error('READONLY')
  const policy = fact('maxmemory_policy')
  if (fact('maxmemory') !== '0' && policy !== 'noeviction') throw new Error(`EVICTS ${policy}`)
}

/** One sentence: what is wrong, and what to do. */
function explain(name: string, error: Error): string {
  const [code = '', detail = ''] = error.message.split(' ', 2)
  switch (code) {
    case 'NOAUTH':
      return `${name} needs a password. Write it into the URL: redis://:password@host:port.`
    case 'WRONGPASS':
      return `${name} does not take this user or password. Correct them in the URL.`
    case 'NOPERM':
      return `${name} does not permit this user what a hub needs (${error.message}). Grant it the commands, keys and channels.`
    case 'READONLY':
      return `${name} is a read-only replica. Name the primary.`
    case 'OOM':
      return `${name} is out of memory. Raise its maxmemory.`
    case 'EVICTS':
      return `${name} drops entries when it is full (maxmemory-policy ${detail}), which would sign users out. Set noeviction.`
    case 'TOOOLD':
      return tooOld(name, detail)
    default:
      // The client greets by a command of Redis 6.
      if (/unknown command .*HELLO/.test(error.message)) return tooOld(name, 'before 6')
      return `${name} cannot be used (${error.message || error.name}). Start it, or name another one.`
  }
}

function tooOld(name: string, version: string): string {
  return `${name} is version ${version}. A hub needs ${OLDEST.join('.')} or later, or Valkey.`
}

/** Without what may be a password. */
function nameOf(place: RedisPlace): string {
  const urls = 'url' in place ? [place.url] : place.cluster
  return urls.map((url) => (URL.canParse(url) ? new URL(url).host : 'the server')).join(', ')
}
