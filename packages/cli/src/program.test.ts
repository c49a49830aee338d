import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type OutgoingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENDPOINTS, PROBE_HEADER } from '@isthmus/protocol'
import { createHub, memoryStore } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { createVerifier } from '@isthmus/site'
import { backchannelLogout, isthmus } from '@isthmus/site/express'
import express from 'express'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError } from './config/faults.ts'
import { loadConfig } from './config/load-config.ts'
import { conform } from './conformance/conform.ts'
import { examine } from './doctor/examine.ts'
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
      /:8: admin\.keys adminApi: keys\[0\]\.key has 5 characters, and 32 are the least/,
    ],
    [
      'other.yaml',
      YAML,
      /has none of isthmus\.config\.ts, .*: write one of them, or name another file with --config\.$/,
    ],
  ])('that is wrong in %s is told (%#)', async (name, text, sentence) => {
    expect((await faultsOf(name, text)).join('\n')).toMatch(sentence)
  })
})

describe('--help', () => {
  test('of each command says what it takes', () => {
    const program = createProgram(new AbortController().signal, () => {})
    expect(program.commands.map((command) => command.name())).toEqual([
      ...['serve', 'check-config', 'keys', 'sessions', 'doctor', 'conformance'],
    ])
    for (const command of program.commands) {
      expect(command.helpInformation()).toMatch(/^Usage: isthmus \S+/)
      expect(command.description()).not.toBe('')
    }
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

describe('doctor', () => {
  async function deployment(
    site: RequestListener,
    proxy: RequestListener = () => {},
  ): Promise<{ hub: string; shop: string }> {
    const shop = await listen(site)
    let handle: RequestListener = (_, response) => void response.end()
    const hub = await listen((request, response) => handle(request, response))
    const running = await createHub({ origin: hub, sites: [{ id: 'shop', origins: [shop] }], store: memoryStore() })
    onTestFinished(() => running.close())
    const serve = nodeHandler(running)
    handle = (request, response) => {
      proxy(request, response)
      serve(request, response)
    }
    return { hub, shop }
  }
  const logoutPath = '/isthmus/backchannel-logout'

  test('finds nothing to mend where all is well', async () => {
    const app = express()
    const { hub, shop } = await deployment(app)
    const verifier = createVerifier({ hub, site: 'shop' })
    app.post(logoutPath, backchannelLogout(verifier))
    app.get('/', (_, response) => {
      response.set('Content-Security-Policy', `default-src 'self'; frame-src ${hub}; connect-src 'self' ${hub}`)
      response.send(`<!doctype html><script src="${hub}/isthmus/client.js" async></script>`)
    })
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings.filter(({ level }) => level === 'fault')).toEqual([])
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['hub', 'clock', 'keys', 'health', 'site-registered', 'stream', 'site-script', 'logout']),
    )
  })

  test('names each fault and its cure', async () => {
    const app = express()
    const { hub, shop } = await deployment(app)
    app.post(logoutPath, (_, response) => void response.status(403).send('CSRF'))
    app.get('/', (_, response) => {
      response
        .set('Content-Security-Policy', "default-src 'self'")
        .set('Cache-Control', 'public, max-age=60')
        .send('<p>Shop')
    })
    const findings = await examine({ hub, sites: [`${shop}/`, 'http://unregistered.localhost:1/'], logoutPath })
    const cures = new Map(findings.filter(({ level }) => level === 'fault').map(({ code, cure }) => [code, cure]))
    expect(Object.fromEntries(cures)).toMatchObject({
      'site-frame-src': `add ${hub} to frame-src`,
      'site-connect-src': `add ${hub} to connect-src`,
      'logout-refused': expect.stringContaining('exempt the address from CSRF protection'),
      'site-unregistered': expect.stringContaining('add "http://unregistered.localhost:1" to the origins'),
      'site-unreachable': expect.any(String),
    })
    expect(findings.find(({ code }) => code === 'site-public')?.level).toBe('note')
  })

  test.each<[string, RequestListener]>([
    [
      'stream-refused',
      (request) => {
        delete request.headers['isthmus-origin']
        request.rawHeaders = request.rawHeaders.map((one) => (one.toLowerCase() === 'isthmus-origin' ? 'x-lost' : one))
      },
    ],
    ['stream-compressed', (_, response) => void response.setHeader('Content-Encoding', 'identity')],
    ['page-frame-options', (_, response) => void response.setHeader('X-Frame-Options', 'DENY')],
  ])('notices what a proxy does: %s', async (code, proxy) => {
    const { hub, shop } = await deployment((_, response) => void response.end('<p>Shop'), proxy)
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'fault', code, cure: expect.stringContaining('proxy') }),
    )
  })

  /** A proxy that sets a header on one path, whatever the hub says there. */
  const overrides =
    (path: string, name: string, value: string): RequestListener =>
    ({ url }, response) => {
      if (url !== path) return
      const writeHead = response.writeHead.bind(response)
      const changed = (status: number, headers: OutgoingHttpHeaders) => writeHead(status, { ...headers, [name]: value })
      response.writeHead = changed as typeof response.writeHead
    }

  test.each<[string, RequestListener]>([
    ['page-policy', overrides(ENDPOINTS.hub.path, 'content-security-policy', "default-src 'self'")],
    ['page-cache', overrides(ENDPOINTS.hub.path, 'cache-control', 'public, max-age=60')],
    ['page-corp', overrides(ENDPOINTS.hub.path, 'cross-origin-resource-policy', 'same-origin')],
    ['stream', overrides(ENDPOINTS.events.path, 'content-type', 'text/html')],
    ['clock', overrides(ENDPOINTS.discovery.path, 'date', new Date(Date.now() - 60_000).toUTCString())],
  ])('notices what was changed on the way: %s', async (code, proxy) => {
    const { hub, shop } = await deployment((_, response) => void response.end('<p>Shop'), proxy)
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'fault', code, cure: expect.stringMatching(/proxy|firewall|NTP/) }),
    )
  })

  test('notices what a page says of itself: a service worker, and a policy in a <meta>', async () => {
    const { hub, shop } = await deployment(
      (_, response) =>
        void response.end(
          `<meta http-equiv="Content-Security-Policy" content="default-src 'self'">
          <script>navigator.serviceWorker.register('/sw.js')</script>`,
        ),
    )
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    const notes = findings.filter(({ level }) => level === 'note').map(({ code }) => code)
    expect(notes).toEqual(expect.arrayContaining(['site-service-worker', 'site-meta-policy', 'site-script']))
  })

  test.each<[number, RegExp]>([
    [200, /takes a token that is none/],
    [307, /the address that it redirects to, https:\/\/shop\.example\/logout:/],
    [401, /your own sign-in/],
    [404, /--logout/],
    [419, /Laravel/],
    [503, /is the hub reachable from there/],
  ])('says why logouts do not arrive that are answered %i', async (status, cure) => {
    const { hub, shop } = await deployment(({ method }, response) => {
      if (method === 'POST') response.writeHead(status, { location: 'https://shop.example/logout' })
      response.end()
    })
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'fault', code: 'logout-refused', cure: expect.stringMatching(cure) }),
    )
  })

  // What a proxy holds back never comes while the stream is open; without the probe it would end at once, and pass.
  test.each([
    ['all of the answer', true],
    ['its body', false],
  ])('notices a proxy that holds back %s until its end', { timeout: 30_000 }, async (_, withHead) => {
    const { hub, shop } = await deployment(
      (_, response) => void response.end('<p>Shop'),
      ({ url }, response) => {
        if (url !== ENDPOINTS.events.path) return
        const kept: Buffer[] = []
        const end = response.end.bind(response)
        response.write = (chunk: string | Uint8Array) => {
          if (!withHead) response.flushHeaders()
          return kept.push(Buffer.from(chunk)) > 0
        }
        response.end = () => end(Buffer.concat(kept))
      },
    )
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings.filter(({ code }) => code.startsWith('stream'))).toEqual([
      expect.objectContaining({ level: 'fault', code: 'stream-buffered' }),
    ])
  })

  test('says that it cannot tell where the probe gets lost', async () => {
    const { hub, shop } = await deployment(
      (_, response) => void response.end('<p>Shop'),
      (request) => {
        delete request.headers[PROBE_HEADER]
        request.rawHeaders = request.rawHeaders.map((one) => (one.toLowerCase() === PROBE_HEADER ? 'x-lost' : one))
      },
    )
    const findings = await examine({ hub, sites: [`${shop}/`], logoutPath })
    expect(findings).toContainEqual(expect.objectContaining({ level: 'note', code: 'stream-unproven' }))
  })

  test('says why there is no hub', async () => {
    const none = await listen((_, response) => void response.writeHead(404).end())
    const [found] = await examine({ hub: none, sites: [], logoutPath })
    expect(found).toMatchObject({ level: 'fault', code: 'hub-none', cure: expect.stringContaining('/.well-known') })
    const [refused] = await examine({ hub: 'http://127.0.0.1:1', sites: [], logoutPath })
    expect(refused).toMatchObject({ level: 'fault', code: 'hub-unreachable' })
    const [wrong] = await examine({ hub: 'https://auth.example.com/', sites: [], logoutPath })
    expect(wrong).toMatchObject({ level: 'fault', code: 'hub-origin' })
  })
})
