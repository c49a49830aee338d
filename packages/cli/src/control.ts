import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { IsthmusError } from '@isthmus/protocol'
import { createHub, type Hub, type KeyInfo, type SessionInfo, type SubjectExport } from '@isthmus/server'
import { isRedis, type LoadedConfig } from './config/load-config.ts'
import { openStore } from './open-store.ts'

/** What an operator does with a hub. Arguments and results are JSON. */
export interface Operations {
  keysList(): Promise<readonly KeyInfo[]>
  keysRotate(): Promise<KeyInfo>
  keysRevoke(kid: string): Promise<boolean>
  sessionsList(sub: string): Promise<readonly SessionInfo[]>
  sessionsRevoke(sid: string): Promise<boolean>
  sessionsRevokeAll(sub: string): Promise<number>
  subjectsExport(sub: string): Promise<SubjectExport>
  subjectsErase(sub: string): Promise<number>
}

export function operationsOf(hub: Pick<Hub, 'keys' | 'sessions' | 'subjects'>): Operations {
  return {
    keysList: () => hub.keys.list(),
    keysRotate: () => hub.keys.rotate(),
    keysRevoke: (kid) => hub.keys.revoke(kid),
    sessionsList: (sub) => hub.sessions.list(sub),
    sessionsRevoke: (sid) => hub.sessions.revoke(sid),
    sessionsRevokeAll: (sub) => hub.sessions.revokeAll(sub),
    subjectsExport: (sub) => hub.subjects.export(sub),
    subjectsErase: (sub) => hub.subjects.erase(sub),
  }
}

/** Longest path of a socket that every system takes. */
const SOCKET_PATH_LIMIT = 103

/**
 * Where a running hub takes orders from the same machine: a socket in the folder of its store, which only its user can
 * enter. A folder of LMDB belongs to one process; a second one could write to it, but no open page would hear of that.
 */
function socketOf(store: string): string | undefined {
  const path = join(store, 'control.sock')
  return isRedis(store) || process.platform === 'win32' || path.length > SOCKET_PATH_LIMIT ? undefined : path
}

/** Takes orders until it is disposed of. */
export async function takeOrders(hub: Hub, store: string): Promise<AsyncDisposable> {
  const path = socketOf(store)
  if (path === undefined) return { [Symbol.asyncDispose]: async () => {} }
  if (await isServed(path)) {
    throw new IsthmusError(
      'config-invalid',
      `store: a hub runs in ${store} already. Such a folder is for one process: end that one, or name another folder.`,
    )
  }
  // Of a process that was killed.
  await rm(path, { force: true })
  const operations = operationsOf(hub) as unknown as Record<string, (argument?: string) => Promise<unknown>>
  const server = createServer(async (incoming, response) => {
    try {
      const { name, argument } = JSON.parse((await incoming.setEncoding('utf8').toArray()).join(''))
      if (!Object.hasOwn(operations, name)) throw new Error(`There is no operation "${name}".`)
      response.end(JSON.stringify({ result: await operations[name]?.(argument) }))
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }))
    }
  })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Does something with the hub of a configuration: the one that runs here, or one that is started for this alone. */
export async function operate<Result>(
  { hub: config, store }: LoadedConfig,
  act: (operations: Operations) => Promise<Result>,
): Promise<Result> {
  const path = socketOf(store)
  if (path !== undefined && (await isServed(path))) return act(overSocket(path))
  const hub = await createHub({ ...config, store: await openStore(store) })
  try {
    return await act(operationsOf(hub))
  } finally {
    await hub.close()
  }
}

function overSocket(path: string): Operations {
  const call = async (name: string, argument?: string): Promise<never> => {
    const { result, error } = JSON.parse(await post(path, JSON.stringify({ name, argument })))
    if (error !== undefined) throw new Error(error)
    return result as never
  }
  return {
    keysList: () => call('keysList'),
    keysRotate: () => call('keysRotate'),
    keysRevoke: (kid) => call('keysRevoke', kid),
    sessionsList: (sub) => call('sessionsList', sub),
    sessionsRevoke: (sid) => call('sessionsRevoke', sid),
    sessionsRevokeAll: (sub) => call('sessionsRevokeAll', sub),
    subjectsExport: (sub) => call('subjectsExport', sub),
    subjectsErase: (sub) => call('subjectsErase', sub),
  }
}

async function isServed(path: string): Promise<boolean> {
  return post(path, JSON.stringify({ name: 'keysList' })).then(
    () => true,
    () => false,
  )
}

async function post(socketPath: string, body: string): Promise<string> {
  const sent = request({ socketPath, method: 'POST', path: '/', timeout: 10_000 })
  sent.on('timeout', () => sent.destroy(new Error('The hub does not answer.')))
  sent.end(body)
  const [answer] = await once(sent, 'response')
  return (await answer.setEncoding('utf8').toArray()).join('')
}
