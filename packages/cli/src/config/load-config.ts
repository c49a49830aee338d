import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { IsthmusError, isTrustworthyOrigin, OIDC_PATH, parseOrigin } from '@isthmus/protocol'
import { createHub, type HubConfig, memoryStore } from '@isthmus/server'
import type { AdminKey } from '@isthmus/server/admin'
import * as z from 'zod'
import { withAdmin } from '../with-admin.ts'
import { withLogin } from '../with-login.ts'
import { ConfigError, type Fault } from './faults.ts'
import { type LoginSettings, loginSchema } from './login.ts'
import { type ConfigFile, readConfigFile } from './read-file.ts'
import { resolveSecrets } from './secrets.ts'

const listenSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65535).default(4000),
})

/** What is not the hub's own. */
const serveSchema = z.object({
  login: loginSchema,
  admin: z.strictObject({ keys: z.array(z.strictObject({ name: z.string(), key: z.string() })) }).optional(),
  store: z.string({ error: 'needs a folder such as "./data", or "redis://…"' }).min(1),
  listen: listenSchema.prefault({}),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  behindProxy: z.boolean().default(false),
})

/** A configuration that was parsed as far as that goes without opening its store. */
export interface LoadedConfig {
  readonly file: string
  readonly hub: Omit<HubConfig, 'store'>
  /** `redis://…`, or the whole path of a folder. */
  readonly store: string
  readonly login: LoginSettings
  readonly admin: { readonly keys: readonly AdminKey[] } | undefined
  readonly listen: { readonly host: string; readonly port: number }
  /** Whole paths. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

/** Reads and parses a configuration. Throws {@link ConfigError} with everything that is wrong, by key, file and line. */
export async function loadConfig(name: string | undefined, folder?: string): Promise<LoadedConfig> {
  const file = await readConfigFile(name, folder)
  const { value, faults: secretFaults } = resolveSecrets(file.value, file.folder)
  const faults = secretFaults.map(({ path, message }) => faultAt(file, path, message))
  if (faults.length > 0) throw new ConfigError(faults)
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError([
      { key: '', file: file.path, line: 1, message: 'holds no configuration: it is a map of options' },
    ])
  }
  const {
    store: _,
    login,
    admin: __,
    listen: ___,
    tls: ____,
    behindProxy: _____,
    ...options
  } = value as Record<string, unknown>
  const isOidc = typeof login === 'object' && login !== null && 'oidc' in login
  const hub = isOidc ? { loginPath: OIDC_PATH, ...options } : options
  const parsed = serveSchema.safeParse(value)
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(file, issue, [])))
  faults.push(...(await faultsOfHub(file, hub as unknown as HubConfig, parsed.data)))
  if (parsed.success) faults.push(...(await faultsOfServing(file, parsed.data, String(options.origin))))
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults)
  const { store, login: method, admin, listen, tls } = parsed.data
  return {
    file: file.path,
    hub: hub as unknown as HubConfig,
    store: isRedis(store) ? store : resolve(file.folder, store),
    login: method,
    admin,
    listen,
    tls: tls && { cert: resolve(file.folder, tls.cert), key: resolve(file.folder, tls.key) },
  }
}

/** Whether a store is a server rather than a folder. */
export function isRedis(store: string): boolean {
  return /^(?:redis|rediss|valkey|valkeys):\/\//.test(store)
}

/** The hub knows its own options best: it is started in memory, and stopped again. */
async function faultsOfHub(
  file: ConfigFile,
  config: HubConfig,
  parts: Pick<z.output<typeof serveSchema>, 'login' | 'admin'> | undefined,
): Promise<Fault[]> {
  try {
    const store = memoryStore()
    const hub = await createHub({ ...config, store })
    try {
      if (parts) await withLogin(hub, { hub: config, login: parts.login }, store)
      if (parts) await withAdmin(hub, { hub: config, admin: parts.admin })
    } finally {
      await hub.close()
    }
    return []
  } catch (error) {
    if (!(error instanceof IsthmusError) || error.code !== 'config-invalid') throw error
    const root = error.message.startsWith('createHub: sites[') ? ['sites'] : []
    const issues = error.cause instanceof z.ZodError ? error.cause.issues : []
    const part = error.message.startsWith('adminApi') ? ['admin', 'keys'] : ['login']
    if (issues.length === 0) return [faultAt(file, part, error.message.replace(/\.$/, ''))]
    return issues.flatMap((issue) => faultsOf(file, issue, root))
  }
}

async function faultsOfServing(
  file: ConfigFile,
  { listen, tls, behindProxy }: z.output<typeof serveSchema>,
  origin: string,
): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const name of ['cert', 'key'] as const) {
    const path = tls && resolve(file.folder, tls[name])
    const isThere =
      path === undefined ||
      (await access(path).then(
        () => true,
        () => false,
      ))
    if (!isThere) faults.push(faultAt(file, ['tls', name], `is "${path}", which cannot be read: name a PEM file`))
  }
  const isOpen = !isLoopback(listen.host)
  if (isOpen && !tls && !behindProxy && parseOrigin(origin)?.startsWith('https:')) {
    const cure = 'give tls, listen on 127.0.0.1, or set behindProxy where a proxy speaks https'
    faults.push(faultAt(file, ['listen', 'host'], `is ${listen.host}, where the hub would speak plain http: ${cure}`))
  }
  return faults
}

function isLoopback(host: string): boolean {
  const origin = parseOrigin(`http://${host.includes(':') ? `[${host}]` : host}`)
  return origin !== undefined && isTrustworthyOrigin(origin)
}

function faultsOf(file: ConfigFile, issue: z.core.$ZodIssue, root: readonly PropertyKey[]): Fault[] {
  const path = [...root, ...issue.path]
  if (issue.code !== 'unrecognized_keys') return [faultAt(file, path, issue.message)]
  const isTop = path.length === 0
  return issue.keys.map((key) => {
    const message = isTop ? `${issue.message}, store, login, admin, listen, tls, behindProxy` : issue.message
    return faultAt(file, [...path, key], message)
  })
}

function faultAt(file: ConfigFile, path: readonly PropertyKey[], message: string): Fault {
  return { key: z.core.toDotPath(path as PropertyKey[]), message, file: file.path, line: file.lineOf(path) }
}
