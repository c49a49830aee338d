import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { IsthmusError, isTrustworthyOrigin, OIDC_PATH, parseOrigin } from '@isthmus/protocol'
import { createHub, type HubConfig, memoryStore } from '@isthmus/server'
import type { AdminKey } from '@isthmus/server/admin'
import * as z from 'zod'
import { withAdmin } from '../with-admin.ts'
import { withLogin } from '../with-login.ts'
import { ConfigError, type Fault } from './faults.ts'
import { type LoginSettings, loginSchema } from './login.ts'
import { only, text } from './options.ts'
import { type ConfigFile, readConfigFile } from './read-file.ts'
import { resolveSecrets } from './secrets.ts'

const PORT = 'needs a number from 1 to 65535; 0 takes any that is free'
const ADMIN = 'needs { keys: [{ name, key }] }'

const listenSchema = only({
  host: text.default('127.0.0.1'),
  port: z.int({ error: PORT }).min(0, { error: PORT }).max(65535, { error: PORT }).default(4000),
})

/** What is not the hub's own. */
const serveSchema = z.object({
  login: loginSchema,
  admin: only({ keys: z.array(only({ name: text, key: text }), { error: ADMIN }) }).optional(),
  store: z.string({ error: 'needs a folder such as "./data", or "redis://…"' }).min(1),
  listen: listenSchema.prefault({}),
  tls: only({ cert: text, key: text }).optional(),
  behindProxy: z.boolean({ error: 'is true or false' }).default(false),
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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
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
    if (issues.length === 0) return [faultOfPart(file, error.message.replace(/\.$/, ''))]
    return issues.flatMap((issue) => faultsOf(file, issue, root))
  }
}

/** What a part of the hub says of its own option, by the key that the file has for it. */
function faultOfPart(file: ConfigFile, sentence: string): Fault {
  const [, index, ofKey = ''] = /^adminApi: keys\[(\d+)\]\.key (.*)$/.exec(sentence) ?? []
  if (index !== undefined) return faultAt(file, ['admin', 'keys', Number(index), 'key'], ofKey)
  const [, ofAssertion] = /^assertionLogin: key (.*)$/.exec(sentence) ?? []
  if (ofAssertion !== undefined) return faultAt(file, ['login', 'assertion', 'key'], ofAssertion)
  const isOidc = sentence.startsWith('oidcLogin: ')
  return faultAt(file, isOidc ? ['login', 'oidc'] : [], sentence.replace(/^\w+: /, isOidc ? 'has a fault: ' : ''))
}

async function faultsOfServing(
  file: ConfigFile,
  { listen, tls, behindProxy }: z.output<typeof serveSchema>,
  origin: string,
): Promise<Fault[]> {
  const faults: Fault[] = []
  const files = await Promise.all(
    (['cert', 'key'] as const).map(async (name) => {
      if (!tls) return undefined
      const path = resolve(file.folder, tls[name])
      const content = await readFile(path, 'utf8').catch(() => undefined)
      if (content === undefined) {
        faults.push(faultAt(file, ['tls', name], `is "${path}", which cannot be read: name a PEM file`))
      }
      return content
    }),
  )
  const [cert, key] = files
  if (cert !== undefined && key !== undefined) {
    try {
      createSecureContext({ cert, key })
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error)
      const cure = 'name a certificate and the key that belongs to it, as PEM, the key without a password'
      faults.push(faultAt(file, ['tls'], `cannot be used (${cause}): ${cure}`))
    }
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
