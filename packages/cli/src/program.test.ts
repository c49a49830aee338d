import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier } from '@isthmus/site'
import { backchannelLogout, isthmus } from '@isthmus/site/express'
import express from 'express'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError } from './config/faults.ts'
import { loadConfig } from './config/load-config.ts'
import { conform } from './conformance/conform.ts'
import { createProgram } from './program.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const YAML = `origin: https://auth.example.com
store: ./data
login: { assertion: { key: a shared key of thirty-two bytes! } }
sites:
  - id: shop
    origins:
      - https://shop.example
`

async function faultsOf(name: string, text: string): Promise<readonly string[]> {
  const folder = await folderWith({ [name]: text })
  const error = await loadConfig(undefined, folder).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message.replaceAll(folder, '').split('\n')
}

describe('a configuration', () => {
  test.each([
    ['isthmus.config.yaml', YAML],
    [
      'isthmus.config.json',
      JSON.stringify({
        origin: 'https://auth.example.com',
        store: './data',
        login: { assertion: { key: 'a shared key of thirty-two bytes!' } },
        sites: [{ id: 'shop', origins: ['https://shop.example'] }],
      }),
    ],
    [
      'isthmus.config.mjs',
      `export default { origin: 'https://auth.example.com', store: './data', login: { oidc: { issuer: 'https://id.example', clientId: 'hub', clientSecret: 'x' } }, sites: [{ id: 'shop', origins: ['https://shop.example'] }] }`,
    ],
    [
      'isthmus.config.ts',
      `const origin: string = 'https://auth.example.com'\nexport default { origin, store: './data', login: { oidc: [{ id: 'id', issuer: 'https://id.example', clientId: 'hub', clientSecret: 'x' }] }, sites: [{ id: 'shop', origins: ['https://shop.example'] }] }`,
    ],
  ])('is read from %s', async (name, text) => {
    const folder = await folderWith({ [name]: text })
    expect(await loadConfig(undefined, folder)).toMatchObject({
      file: join(folder, name),
      store: join(folder, 'data'),
      listen: { host: '127.0.0.1', port: 4000 },
      hub: { origin: 'https://auth.example.com', sites: [{ id: 'shop' }] },
    })
  })

  test('takes secrets from the environment and from files, and never shows them', async () => {
    vi.stubEnv('STORE_URL', 'redis://user:hush@store.example')
    onTestFinished(() => void vi.unstubAllEnvs())
    const text = YAML.replace('./data', '{ env: STORE_URL }').replace('https://auth.example.com', '{ file: origin }')
    const folder = await folderWith({ 'isthmus.config.yaml': text, origin: 'https://auth.example.com\n' })
    expect(await loadConfig(undefined, folder)).toMatchObject({ store: 'redis://user:hush@store.example' })
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const run = createProgram(new AbortController().signal, () => {})
    await run.parseAsync(['check-config', '--json', '-c', join(folder, 'isthmus.config.yaml')], { from: 'user' })
    expect(write.mock.calls.join()).toContain('redis://store.example')
    expect(write.mock.calls.join()).not.toContain('hush')
  })

  test.skipIf(process.platform === 'win32')('takes no secret from a file that every user may write', async () => {
    const folder = await folderWith({
      'isthmus.config.yaml': YAML.replace(/key: .*}/, 'key: { file: key } } }'),
      key: 'x'.repeat(32),
    })
    await chmod(join(folder, 'key'), 0o666)
    await expect(loadConfig(undefined, folder)).rejects.toThrow(
      /:3: login\.assertion\.key needs the file "key": every user of this machine may write it: chmod o-w\./,
    )
    // Containers mount secrets so that all of the container may read them.
    await chmod(join(folder, 'key'), 0o444)
    expect(await loadConfig(undefined, folder)).toMatchObject({ login: { assertion: { key: 'x'.repeat(32) } } })
  })

  test('that is wrong stops with every key, its file and line, and the cure', async () => {
    const text = YAML.replace('https://shop.example', 'https://shop.example/').replace('store: ./data', 'stroe: ./data')
    expect(await faultsOf('isthmus.config.yaml', text)).toEqual([
      expect.stringMatching(/^\/isthmus\.config\.yaml:1: store needs a folder such as ".\/data", or "redis:\/\/…"\.$/),
      expect.stringMatching(
        /^\/isthmus\.config\.yaml:2: stroe is no option; there are origin, .*, store, login, admin, listen, tls, behindProxy\.$/,
      ),
    ])
    expect(await faultsOf('isthmus.config.yaml', YAML.replace('shop.example', 'shop.example/'))).toEqual([
      '/isthmus.config.yaml:7: sites[0].origins[0] is "https://shop.example/"; write the bare origin: "https://shop.example".',
    ])
  })

  test.each([
    ['isthmus.config.json', '{ "origin": ', /^\/isthmus\.config\.json:1: cannot be parsed \(/],
    // Regression: the stack overflowed. Found by the fuzzer.
    ['isthmus.config.yaml', `${YAML}listen: &a { host: *a }\n`, /:8: listen\.host holds itself: write it out\.$/],
    [
      'isthmus.config.mjs',
      'export const a = 1',
      /^\/isthmus\.config\.mjs: exports no configuration: write "export default/,
    ],
    ['isthmus.config.mjs', 'throw new Error("no network")', /^\/isthmus\.config\.mjs: cannot be run \(no network\)\.$/],
    [
      'isthmus.config.yaml',
      YAML.replace('./data', '{ env: NOT_SET_ANYWHERE }'),
      /^\/isthmus\.config\.yaml:2: store needs the variable "NOT_SET_ANYWHERE": it is not set\.$/,
    ],
    ['isthmus.config.yaml', YAML.replace('./data', '{ file: nowhere }'), /:2: store needs the file "nowhere": ENOENT/],
    [
      'isthmus.config.yaml',
      `${YAML}listen: { host: 0.0.0.0 }\n`,
      /:8: listen\.host is 0\.0\.0\.0, where the hub would speak plain http: give tls/,
    ],
    [
      'isthmus.config.yaml',
      `${YAML}tls: { cert: cert.pem, key: key.pem }\n`,
      /:8: tls\.cert is ".*cert\.pem", which cannot be read/,
    ],
    [
      'isthmus.config.mjs',
      `export default {\n  origin: 'http://auth.example.com',\n  store: './data', login: { assertion: { key: 'a shared key of thirty-two bytes!' } }, sites: [] }`,
      /^\/isthmus\.config\.mjs:2: origin is "http:\/\/auth\.example\.com"; .* use https/,
    ],
    [
      'isthmus.config.yaml',
      YAML.replace(/login:.*/, 'login: { oidc: { issuer: https://id.example, clientId: hub, clientSecert: x } }'),
      /:3: login\.oidc\.clientSecret needs a text\.\n.*:3: login\.oidc\.clientSecert is no option; there are id, name/,
    ],
    [
      'isthmus.config.yaml',
      YAML.replace(/login:.*/, 'login: { oidc: [{ issuer: https://id.example, clientId: hub, clientSecret: 7 }] }'),
      /:3: login\.oidc\[0\]\.clientSecret needs a text/,
    ],
    [
      'isthmus.config.yaml',
      YAML.replace(/login:.*/, 'login: { ldap: {} }'),
      /:3: login needs \{ assertion: \{ key \} \}/,
    ],
    ['isthmus.config.yaml', YAML.replace(/login:.*\n/, ''), /:1: login needs \{ assertion/],
    [
      'isthmus.config.yaml',
      `${YAML}admin: { keys: [{ name: crm, key: short }] }\n`,
      /:8: admin\.keys\[0\]\.key has 5 characters, and 32 are the least/,
    ],
    [
      'isthmus.config.yaml',
      YAML.replace('a shared key of thirty-two bytes!', 'short'),
      /:3: login\.assertion\.key has 5 bytes; a shared key has 32 or more/,
    ],
    [
      'isthmus.config.yaml',
      YAML.replace(/login:.*/, 'login: { oidc: { issuer: http://id.example, clientId: hub, clientSecret: x } }'),
      /:3: login\.oidc has a fault: provider "provider": issuer is an https address/,
    ],
    [
      'isthmus.config.yaml',
      `${YAML}listen: { port: http }\nbehindProxy: 1\n`,
      /:8: listen\.port needs a number from 1 to 65535; .*\n.*:9: behindProxy is true or false\.$/,
    ],
    [
      'isthmus.config.yaml',
      `${YAML}admin: { keys: { crm: x } }\n`,
      /:8: admin\.keys needs \{ keys: \[\{ name, key \}\] \}\.$/,
    ],
    [
      'isthmus.config.yaml',
      `${YAML}tls: { cert: isthmus.config.yaml, key: isthmus.config.yaml }\n`,
      /:8: tls cannot be used \(.*\): name a certificate and the key that belongs to it, as PEM, the key without a password\.$/,
    ],
    ['isthmus.config.yaml', '- origin', /:1: holds no configuration: it is a map of options\.$/],
    [
      'other.yaml',
      YAML,
      /has none of isthmus\.config\.ts, .*: write one of them, with origin, store, login and sites, or name another file with --config\.$/,
    ],
  ])('that is wrong in %s is told (%#)', async (name, text, sentence) => {
    expect((await faultsOf(name, text)).join('\n')).toMatch(sentence)
  })
})

describe('--help', () => {
  test('of each command says what it takes', () => {
    const program = createProgram(new AbortController().signal, () => {})
    expect(program.commands.map((command) => command.name())).toEqual([
      ...['serve', 'check-config', 'keys', 'sessions', 'subjects', 'doctor', 'conformance'],
    ])
    for (const command of program.commands) {
      expect(command.helpInformation()).toMatch(/^Usage: isthmus \S+/)
      expect(command.description()).not.toBe('')
    }
  })
})

describe('a command that is called wrongly', () => {
  const call = async (...parameters: string[]): Promise<unknown> => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const program = createProgram(new AbortController().signal, () => {})
    const error = await program.parseAsync(parameters, { from: 'user' }).then(
      () => undefined,
      ({ message, exitCode }: { message: string; exitCode?: number }) => [message, exitCode ?? null],
    )
    said.mockRestore()
    return error
  }

  test('is told what is wrong, before anything is done', async () => {
    expect(await call('sessions', 'revoke')).toEqual(['error: name one session, or one user by --user', 2])
    expect(await call('conformance', 'localhost:8080')).toEqual([
      'error: "localhost:8080" is no address; write a whole one, such as http://localhost:8080',
      2,
    ])
    expect(await call('conformance', 'http://localhost:1', '--port', 'x')).toEqual(['error: --port is a number', 2])
    expect(await call('conformance', 'http://localhost:1', '--mirror', 'x')).toEqual([
      'error: --mirror is cookie or endpoint',
      2,
    ])
    const folder = await folderWith({ 'isthmus.config.toml': '' })
    expect(await call('serve', '-c', join(folder, 'isthmus.config.toml'))).toEqual([
      `${folder}/isthmus.config.toml: is of no kind that is known: name a file that ends in .ts, .mjs, .js, .cjs, .json, .yaml, .yml.`,
      null,
    ])
    expect(await call('serve', '-c', folder)).toEqual([
      expect.stringMatching(/: cannot be read \(EISDIR.*\): name a file that this user may read\.$/),
      null,
    ])
  })

  // Regression: each of 73 tests failed where no back end was running, and none said why.
  test('conformance says once that no back end answers, or that its own port is taken', async () => {
    const url = await listen((_, response) => void response.end())
    const { port } = new URL(url)
    expect(await call('conformance', 'http://127.0.0.1:6000', '--port', '0')).toEqual([
      'No back end answers at http://127.0.0.1:6000 (bad port): start it, or name where it listens.',
      null,
    ])
    expect(await call('conformance', url, '--port', port)).toEqual([
      expect.stringMatching(
        /^The keys cannot be published at 127\.0\.0\.1:\d+ \(.*EADDRINUSE.*\): name another --port\.$/,
      ),
      null,
    ])
  })
})

describe('conformance', () => {
  const act = (
    app: (jwks: string, hub: string) => express.Express,
  ): Promise<readonly { name: string; ok: boolean; saw?: string }[]> => {
    let handle: RequestListener = (_, response) => void response.writeHead(503).end()
    return listen((request, response) => handle(request, response)).then((url) =>
      conform({
        url,
        members: '/members',
        logout: '/isthmus/backchannel-logout',
        site: 'conformance',
        mirror: 'cookie',
        port: 0,
        progress: () => {},
        ready: (jwks, hub) => {
          handle = app(jwks, hub)
        },
      }),
    )
  }

  test('our own back end passes every test', async () => {
    const results = await act((jwks, hub) => {
      const verifier = createVerifier({ hub, site: 'conformance', jwks })
      const site = express()
      site.post('/isthmus/backchannel-logout', backchannelLogout(verifier))
      return site.get('/members', isthmus(verifier), (request, response) => {
        response.status(request.isthmus.user ? 200 : 401).end()
      })
    })
    expect(results.filter(({ ok }) => !ok)).toEqual([])
    expect(results.length).toBeGreaterThan(60)
  })

  test('one that believes whatever it can decode, and checks no logout, fails in words', async () => {
    const results = await act(() => {
      const site = express().use(express.urlencoded())
      site.post('/isthmus/backchannel-logout', (_, response) => void response.status(403).end())
      return site.get('/members', (request, response) => {
        const token = /isthmus_token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]
        const claims = token?.split('.')[1]
        response.status(claims ? 200 : 401).end()
      })
    })
    const failed = new Map(results.filter(({ ok }) => !ok).map(({ name, saw }) => [name, saw]))
    expect(failed.get('bad site token: alg: none')).toBe('200, where 401 was due')
    expect(failed.get('bad site token: another site')).toBe('200, where 401 was due')
    expect(failed.get('the cookie of the other mirror is not believed')).toBe('200, where 401 was due')
    expect(failed.get('the answer to a user is kept by no shared cache')).toContain('it says private or no-store')
    expect(failed.get('a logout token is taken: 200 or 204, no redirect, no-store')).toContain(
      'exempt the address from CSRF',
    )
    expect(failed.has('a good token lets its user in')).toBe(false)
  })
})
