import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { IsthmusError } from '@isthmus/protocol'
import { createHub, type Hub } from '@isthmus/server'
import type { AuditEntry } from '@isthmus/server/admin'
import { nodeHandler } from '@isthmus/server/node'
import type { LoadedConfig } from '../config/load-config.ts'
import { takeOrders } from '../control.ts'
import { openStore } from '../open-store.ts'
import type { Output } from '../output.ts'
import { withAdmin } from '../with-admin.ts'
import { withLogin } from '../with-login.ts'

/** When the end is asked for, requests under way have this long before the store is closed. */
const QUIET_MS = 1000

/** After that, connections that are still open have this long. */
const GRACE_MS = 5000

const PRIVATE_NETWORKS = ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']

/** Serves a hub until the signal aborts. */
export async function serve(config: LoadedConfig, output: Output, end: AbortSignal): Promise<void> {
  const store = await openStore(config.store)
  const hub = await createHub({ ...config.hub, store })
  let server: Server | undefined
  try {
    report(hub, output)
    // Before it listens: a second hub on the same folder must not answer anybody.
    await using _ = await takeOrders(hub, config.store)
    const served = await withAdmin(await withLogin(hub, config, store), config, (entry) =>
      output.progress(audit(entry)),
    )
    server = await listen(served, config)
    const url = addressOf(server, config)
    const { origin } = config.hub
    output.result({ event: 'listening', url, origin }, `The hub of ${origin} is served at ${url}.`)
    if (!end.aborted) await once(end, 'abort')
    output.progress('Ending: requests under way are finished.')
  } finally {
    await close(server, hub)
  }
  output.result({ event: 'ended' }, 'Ended. What was not delivered is delivered after the next start.')
}

/** One line for each call of the admin API. */
function audit({ at, key = 'nobody', action, sub, sid, outcome }: AuditEntry): string {
  return [new Date(at).toISOString(), 'admin', key, action, sub ?? sid ?? '-', outcome].join(' ')
}

/** What an operator has to know, in words: sites that cannot be told of a sign-out above all. */
function report(hub: Hub, output: Output): void {
  hub.on('delivery', ({ site, ok, attempt, status, retryAt }) => {
    if (ok) return
    const again = retryAt === null ? 'It is given up.' : `It is tried again at ${new Date(retryAt).toISOString()}.`
    output.progress(
      `The back end of "${site}" did not take a logout (attempt ${attempt}): ${meaningOf(status)} ${again}`,
    )
  })
  hub.on('error', ({ error, path }) => output.progress(`The hub failed at ${path}: ${String(error)}`))
}

function meaningOf(status: number | 'timeout' | 'unreachable'): string {
  if (status === 'timeout') return 'it does not answer in time.'
  if (status === 'unreachable') return 'it cannot be reached.'
  if (status === 403)
    return '403, as of a framework that takes the post for a forged form: exempt the address from CSRF protection.'
  if (status === 404 || status === 405) return `${status}: nothing takes a POST at its backchannelLogoutUri.`
  if (status >= 300 && status < 400) return `${status}: it redirects, and logouts follow no redirect.`
  return `it answers ${status}.`
}

const CURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program: end that one, or name another port.',
  EACCES: 'may not be used by this user: name a port above 1023, and let a proxy listen on the other one.',
  EADDRNOTAVAIL: 'is no address of this machine.',
}

async function listen(hub: Hub, { listen: { host, port }, tls }: LoadedConfig): Promise<Server> {
  // Whoever speaks plain http to us is a proxy of this machine or network.
  const handler = nodeHandler(hub, { trustedProxies: tls ? [] : PRIVATE_NETWORKS })
  const server = tls
    ? createHttpsServer({ cert: await readFile(tls.cert), key: await readFile(tls.key) }, handler)
    : createHttpServer(handler)
  server.listen(port, host)
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new IsthmusError('config-invalid', `listen: ${host}:${port} ${CURES[cause.code ?? ''] ?? cause.message}`, {
      cause,
    })
  })
  return server
}

function addressOf(server: Server, { listen: { host }, tls }: LoadedConfig): string {
  const { port } = server.address() as AddressInfo
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** While it drains it still listens, so that what comes is told to ask again elsewhere. */
async function close(server: Server | undefined, hub: Hub): Promise<void> {
  await hub.drain(QUIET_MS)
  const closed = server && once(server.close(), 'close')
  await hub.close()
  await Promise.race([closed, sleep(GRACE_MS)])
  server?.closeAllConnections()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
