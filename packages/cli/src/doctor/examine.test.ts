import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENDPOINTS, JWKS_PATH, ORIGIN_HEADER, PROBE_HEADER } from '@isthmus/protocol'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  answer,
  at,
  buffers,
  type Deployment,
  deploy,
  type Faulty,
  LOGOUT_PATH,
  listen,
  loses,
  overrides,
  rewrites,
} from './deployment.test-world.ts'
import { cureOf, examine, type Finding } from './examine.ts'

const [PAGE, EVENTS, LOGIN] = [ENDPOINTS.hub.path, ENDPOINTS.events.path, ENDPOINTS.login.path]
const minutesAgo = (): string => new Date(Date.now() - 60_000).toUTCString()

/** What is to be mended, and how: the whole texts, with the names of hub and site in the place of their addresses. */
function told(findings: readonly Finding[], { hub, shop }: { hub: string; shop: string }): Record<string, string> {
  const named = (text = ''): string => text.replaceAll(hub, 'HUB').replaceAll(shop, 'SHOP')
  return Object.fromEntries(
    findings
      .filter(({ level }) => level !== 'good')
      .map(({ level, code, what, cure }) => [`${level} ${code}`, `${named(what)} → ${named(cure)}`]),
  )
}

let deployment: Deployment
beforeAll(async () => {
  deployment = await deploy()
})
afterAll(async () => {
  await deployment[Symbol.asyncDispose]()
})

test('finds nothing to mend where all is well, and says what it looked at', async () => {
  const findings = await deployment.findings()
  expect(told(findings, deployment)).toEqual({})
  expect(findings.map(({ code }) => code)).toEqual([
    ...['hub', 'clock', 'keys', 'health', 'site-registered', 'stream', 'login', 'site-script', 'logout'],
  ])
})

const CHALLENGE = answer(403, { 'cf-mitigated': 'challenge' }, '<h1>Just a moment…')
const CLOUDFLARE = 'Cloudflare answered in its place: have it let this address through, without a question'

test.each<[fault: string, proxy: Faulty, said: string | RegExp]>([
  [
    'hub-none',
    at(ENDPOINTS.discovery.path, answer(404)),
    'HUB/.well-known/isthmus is not answered by a hub (404). → is the hub mounted at the root, app.use(nodeHandler(hub)), and does the proxy pass /.well-known on?',
  ],
  [
    'clock',
    at(ENDPOINTS.discovery.path, overrides('date', minutesAgo)),
    /^Its clock is 6[01] s behind this one\. → keep NTP on, there and here: sites refuse tokens that are more than 30 seconds from the future$/,
  ],
  [
    'keys',
    at(JWKS_PATH, answer(404)),
    'HUB/.well-known/jwks.json gives no keys (404). → pass /.well-known/jwks.json on to the hub',
  ],
  [
    'health',
    at(ENDPOINTS.healthz.path, answer(503)),
    'It says that its store fails. → see its log: a full disk, or a database that is away',
  ],
  ['page', at(PAGE, CHALLENGE), `/isthmus/hub is answered 403, and not by the hub page. → ${CLOUDFLARE}`],
  [
    'page',
    at(PAGE, answer(200, {}, '<h1>Are you human?')),
    '/isthmus/hub is answered 200, and not by the hub page. → does a firewall or a bot check stand in front of it? It has to let frames through without a question',
  ],
  [
    'page-frame-options',
    at(
      PAGE,
      overrides('x-frame-options', () => 'DENY'),
    ),
    'X-Frame-Options forbids to embed the hub page. → take the header away at the proxy for this path: frame-ancestors says which sites may embed it',
  ],
  [
    'page-policy',
    at(
      PAGE,
      overrides('content-security-policy', () => "default-src 'self'"),
    ),
    'The Content-Security-Policy of the hub page is gone. → the proxy must not replace it',
  ],
  [
    'page-policy',
    at(
      PAGE,
      overrides('content-security-policy', (value) => [String(value), "script-src 'self'"]),
    ),
    'The hub page got a second Content-Security-Policy on the way, which forbids its script. → the proxy must not add one to the hub',
  ],
  [
    'page-cache',
    at(
      PAGE,
      overrides('cache-control', () => 'public, max-age=60'),
    ),
    'The hub page may be kept by caches, with the state of another user. → the proxy must not change Cache-Control',
  ],
  [
    'page-corp',
    at(
      PAGE,
      overrides('cross-origin-resource-policy', () => 'same-origin'),
    ),
    'Sites with COEP cannot embed the hub page. → the proxy must pass Cross-Origin-Resource-Policy and Cross-Origin-Embedder-Policy on as they are',
  ],
  [
    'page-rewritten',
    at(
      PAGE,
      rewrites((html) => `${html}<script src="https://beacon.example/b.js"></script>`),
    ),
    'A script was put into the hub page on the way. → switch off what rewrites HTML in front of the hub (beacons, optimizers)',
  ],
  [
    'stream-refused',
    loses(ORIGIN_HEADER),
    'The request of the hub’s own page is refused: headers are lost on the way. → the proxy must pass isthmus-origin and isthmus-site on to the hub',
  ],
  [
    'stream',
    at(EVENTS, answer(200, { 'content-type': 'text/html' }, '<h1>Just a moment…')),
    '/isthmus/events is answered 200, text/html. → does a firewall stand in front of it?',
  ],
  [
    'stream-compressed',
    at(
      EVENTS,
      overrides('content-encoding', () => 'identity'),
    ),
    'The stream is compressed on the way: news come late, or never. → switch compression and buffering off for text/event-stream at the proxy',
  ],
  [
    'login-referer',
    at(LOGIN, loses('referer')),
    'The hub asks “Continue?” at every sign-in: it is not told which page led there. → the proxy must pass Referer on',
  ],
  ['login', at(LOGIN, CHALLENGE), `/isthmus/login is answered 403, and leads nowhere. → ${CLOUDFLARE}`],
  [
    'login-cookie',
    at(
      LOGIN,
      overrides('set-cookie', () => undefined),
    ),
    'The cookie of a sign-in is gone: browsers do not keep it, and nobody can sign in. → the proxy must pass Set-Cookie on as it is (nginx: no proxy_cookie_domain, _path, _flags)',
  ],
  [
    'login-cookie',
    at(
      LOGIN,
      overrides('set-cookie', (value) =>
        [value].flat().map((text) => `${String(text).replace('; Secure', '')}; Domain=auth.example`),
      ),
    ),
    'The cookie of a sign-in lost its secure, was given domain=auth.example: browsers do not keep it, and nobody can sign in. → the proxy must pass Set-Cookie on as it is (nginx: no proxy_cookie_domain, _path, _flags)',
  ],
  [
    'login-page',
    at('/login', answer(404)),
    'HUB/login is answered 404, and nobody can sign in. → lead this path to your login page, at the proxy, or name another one by loginPath',
  ],
  [
    'login-page',
    at('/login', answer(502)),
    'HUB/login is answered 502, and nobody can sign in. → see the log of what answers there: the login page, or the hub, where it is a provider that cannot be asked',
  ],
])('in front of the hub: %s (%#)', async (fault, proxy, said) => {
  const found = told(await deployment.findings({ hub: proxy }), deployment)
  expect(found[`fault ${fault}`]).toEqual(typeof said === 'string' ? said : expect.stringMatching(said))
})

test('a hub that calls itself otherwise, or shows its metrics to everybody', async () => {
  await using wrong = await deploy({ origin: 'https://id.example', metrics: true })
  expect(told(await wrong.findings(), wrong)).toMatchObject({
    'fault hub-issuer':
      'It calls itself https://id.example. → set its option origin to "HUB", or ask for it by its own name',
    'fault metrics': 'Its metrics are public. → close /isthmus/metrics at the proxy, or set metricsKey',
  })
})

// What a proxy holds back never comes while the stream is open; without the probe it would end at once, and pass.
test('in front of the hub: a proxy that holds back all of the answer until its end, or its body', async () => {
  const examined = [true, false].map(async (withHead) => {
    await using own = await deploy()
    return told(await own.findings({ hub: at(EVENTS, buffers(withHead)) }), own)
  })
  const buffered =
    'No event of the stream comes within 5 s while it is open: something on the way collects it. → switch buffering off for text/event-stream at the proxy (nginx: proxy_buffering off, and keep X-Accel-Buffering)'
  expect(await Promise.all(examined)).toEqual([
    { 'fault stream-buffered': buffered },
    { 'fault stream-buffered': buffered },
  ])
})

test('in front of the hub: a proxy that loses the probe, so that buffering cannot be told', async () => {
  expect(told(await deployment.findings({ hub: loses(PROBE_HEADER) }), deployment)).toEqual({
    'note stream-unproven':
      'Its stream comes, but was not held open: buffering would not show. → the proxy must pass isthmus-probe on, or the hub is older than this command',
  })
})

const policy = (text: string | string[]): Faulty =>
  at(
    '/',
    overrides('content-security-policy', () => text),
  )
const page = (headers: Record<string, string>, html = ''): Faulty => at('/', answer(200, headers, html))
const logout = (status: number, headers: Record<string, string> = {}): Faulty =>
  at(LOGOUT_PATH, answer(status, headers))
const REFUSED = (status: number): string =>
  `SHOP/isthmus/backchannel-logout answers ${status} to a logout: ended sessions go on there until their tokens run out.`

test.each<[finding: string, site: Faulty, said: string]>([
  [
    'fault site-frame-src',
    policy("default-src 'self'; script-src *"),
    "The policy of SHOP/ forbids the frame of the hub: default-src 'self' → add HUB to frame-src",
  ],
  [
    'fault site-connect-src',
    policy("default-src *; connect-src 'self'"),
    "The policy of SHOP/ forbids the question what is wrong, where the frame is silent: connect-src 'self' → add HUB to connect-src",
  ],
  [
    'fault site-script-src',
    policy(['default-src *', "script-src-elem 'self'"]),
    "The policy of SHOP/ forbids the script of the hub: script-src-elem 'self' → add HUB to script-src-elem",
  ],
  [
    'note site-coop',
    page({ 'cross-origin-opener-policy': 'same-origin' }),
    'SHOP/ has a Cross-Origin-Opener-Policy; Isthmus needs no opener. → ',
  ],
  [
    'note site-no-store',
    page({ 'cache-control': 'no-store' }),
    'SHOP/ is no-store: browsers load it anew at every step back. → private, no-cache does the same for users, and keeps the back button fast',
  ],
  [
    'note site-public',
    page({ 'cache-control': 'public, max-age=60' }),
    'SHOP/ may be kept by shared caches. → if it shows a user, one user may get the page of another: private, no-cache',
  ],
  [
    'note site-script',
    page({}, '<p>Shop'),
    'SHOP/ has no script tag of this hub. → well, if the page bundles @isthmus/client',
  ],
  [
    'note site-meta-policy',
    page({}, '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'),
    'SHOP/ has a policy in a <meta>, too, which was not looked at. → it has to allow HUB in frame-src and connect-src',
  ],
  [
    'note site-service-worker',
    page({}, "<script>navigator.serviceWorker.register('/sw.js')</script>"),
    'SHOP/ registers a service worker. → it has to leave /isthmus/ and requests to other origins alone',
  ],
  [
    'note site-service-worker',
    at('/ngsw-worker.js', answer(200, { 'content-type': 'text/javascript' })),
    'SHOP/ngsw-worker.js is a service worker. → it has to leave /isthmus/ and requests to other origins alone',
  ],
  ['fault site-status', at('/', CHALLENGE), `SHOP/ is answered 403. → ${CLOUDFLARE}`],
  [
    'fault site-status',
    at('/', answer(404)),
    'SHOP/ is answered 404. → name a page that visitors get; or does a firewall stand in front of it?',
  ],
  [
    'fault logout-refused',
    logout(200),
    `${REFUSED(200)} → it takes a token that is none: it must check them, or a page answers in its place`,
  ],
  [
    'fault logout-refused',
    logout(307, { location: 'https://shop.example/logout' }),
    `${REFUSED(307)} → give the hub the address that it redirects to, https://shop.example/logout: no redirect is followed`,
  ],
  [
    'fault logout-refused',
    logout(401),
    `${REFUSED(401)} → exempt the address from your own sign-in: the token is its own proof`,
  ],
  [
    'fault logout-refused',
    logout(403),
    `${REFUSED(403)} → exempt the address from CSRF protection (Django, Rails, SvelteKit, Astro, CodeIgniter), or from the firewall`,
  ],
  [
    'fault logout-refused',
    logout(403, { 'x-amzn-waf-action': 'captcha' }),
    `${REFUSED(403)} → ${CLOUDFLARE.replace('Cloudflare', 'AWS WAF')}`,
  ],
  ['fault logout-refused', logout(404), `${REFUSED(404)} → serve it there, or name its path by --logout`],
  ['fault logout-refused', logout(405), `${REFUSED(405)} → it has to take POST`],
  [
    'fault logout-refused',
    logout(419),
    `${REFUSED(419)} → exempt the address from CSRF protection (Laravel: validateCsrfTokens(except: …))`,
  ],
  [
    'fault logout-unreachable',
    at(LOGOUT_PATH, ({ socket }) => socket.destroy()),
    'SHOP/isthmus/backchannel-logout cannot be reached (UND_ERR_SOCKET: other side closed). → the connection is cut: by a firewall, or by a program that fails',
  ],
])('at a site: %s (%#)', async (finding, site, said) => {
  expect(told(await deployment.findings({ site }), deployment)).toMatchObject({ [finding]: said })
})

test('a policy that admits the hub in other words is well', async () => {
  const { hub } = deployment
  for (const source of ['*', 'http:', hub, `${hub}/isthmus/`, new URL(hub).host]) {
    expect(told(await deployment.findings({ site: policy(`default-src ${source}`) }), deployment)).toEqual({})
  }
})

// The proxy of the hub takes away what a page with COEP asks of a script.
test('a page with COEP, and a script of the hub that cannot be loaded there', async () => {
  const inFront = {
    hub: at(
      ENDPOINTS.client.path,
      overrides('cross-origin-resource-policy', () => undefined),
    ),
    site: at(
      '/',
      overrides('cross-origin-embedder-policy', () => 'require-corp'),
    ),
  }
  expect(told(await deployment.findings(inFront), deployment)).toEqual({
    'fault site-coep':
      'SHOP/ has Cross-Origin-Embedder-Policy: require-corp, which keeps the script of the hub out. → the proxy in front of the hub must pass Cross-Origin-Resource-Policy on as it is',
  })
})

// Regression: the token of the probe was no JWT, so that no back end ever asked for a key.
test('a back end that cannot have the keys of the hub', async () => {
  let asked = 0
  const proxy = at(JWKS_PATH, (request, response) => {
    // The doctor asks once, and the back end after it.
    if (++asked > 1) answer(503)(request, response)
  })
  expect(told(await deployment.findings({ hub: proxy }), deployment)).toEqual({
    'fault logout-refused': `${REFUSED(503)} → the back end cannot have the hub’s keys: is the hub reachable from there?`,
  })
})

test('a site that is not registered, and addresses that are none', async () => {
  const { hub, shop } = deployment
  await using other = await listen((_, response) => response.end())
  const sites = [`${other.origin}/`, 'shop.example']
  const found = told(await examine({ hub, sites, logoutPath: LOGOUT_PATH }), { hub, shop: other.origin })
  expect(found).toMatchObject({
    'fault site-unregistered': 'SHOP is not registered. → add "SHOP" to the origins of one of the hub\'s sites',
    'fault site-url': '"shop.example" is no address. → write a whole one: https://shop.example/',
  })
  expect(told(await examine({ hub: `${hub}/`, sites: [], logoutPath: LOGOUT_PATH }), { hub, shop })).toEqual({
    'fault hub-origin': '"HUB/" is no origin. → write scheme and host only: https://auth.example.com',
    'note no-site': 'No site was looked at. → name a page of each by --site: frames, sign-ins and logouts differ',
  })
})

/** The first finding on an address where no hub answers. */
async function said(hub: string): Promise<string> {
  const [found] = await examine({ hub, sites: [], logoutPath: LOGOUT_PATH })
  expect(found).toMatchObject({ level: 'fault', code: 'hub-unreachable' })
  return `${found?.what} → ${found?.cure}`
}

test('a name that is not in DNS, a port where nothing listens, a server that cuts connections, and one without TLS', async () => {
  // Longer than a name may be: no resolver has to be asked.
  expect(await said(`https://${'a'.repeat(64)}.example`)).toMatch(
    /cannot be reached \(ENOTFOUND: .*\)\. → the name is not in DNS: add an A or AAAA record$/,
  )
  const { origin: gone } = await listen(() => {}).then(async (server) => {
    await server[Symbol.asyncDispose]()
    return server
  })
  expect(await said(gone)).toMatch(
    /\(ECONNREFUSED: .*\)\. → nothing listens there: is the program running, and does the proxy lead to it\?$/,
  )
  const server = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  expect(await said(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatch(
    /\(UND_ERR_SOCKET: .*\)\. → the connection is cut: by a firewall, or by a program that fails$/,
  )
  await using plain = await listen((_, response) => response.end())
  expect(await said(plain.origin.replace('http:', 'https:'))).toMatch(
    /→ that port speaks plain http: configure TLS there, or name the port that has it$/,
  )
  expect(await said('https://127.0.0.1:6000')).toMatch(
    /\(ERR_UNSAFE_PORT: .*\)\. → browsers refuse this port: serve it on another one, 443 at best$/,
  )
})

// Regression: a developer was told to add a record to DNS for a name that only browsers resolve.
test('a name below .localhost, where this machine does not resolve it', () => {
  expect(cureOf('ENOTFOUND: getaddrinfo ENOTFOUND auth.localhost')).toBe(
    'browsers know *.localhost by themselves, other programs need a line in /etc/hosts: 127.0.0.1 auth.localhost',
  )
})

test('plain http, where browsers keep no Secure cookie', async () => {
  const findings = await examine({ hub: `http://${'a'.repeat(64)}.example`, sites: [], logoutPath: LOGOUT_PATH })
  expect(findings[0]).toMatchObject({ code: 'hub-http', cure: 'serve the hub over https' })
})

const DAY_MS = 24 * 60 * 60 * 1000

/** A key and a certificate for a name; of an authority, or its own. */
async function certify(
  name: string,
  options: { ca?: { key: string; cert: string }; isAuthority?: boolean; days?: [number, number] } = {},
) {
  const { ca, isAuthority = false, days: [from, to] = [-1, 1] } = options
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + from * DAY_MS),
    notAfterDate: new Date(Date.now() + to * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: isAuthority, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
    ...(ca && { ca }),
  })
  return { key, cert }
}

test('certificates that browsers refuse', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const ca = await certify('An authority', { isAuthority: true })
  const other = await certify('Another authority', { isAuthority: true })
  await writeFile(join(folder, 'ca.pem'), ca.cert)
  const command = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

  /** What the command says, whose machine trusts the authority. */
  async function examined(certificate: { key: string; cert: string }): Promise<string> {
    const server = createTlsServer(certificate, (_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const hub = `https://localhost:${(server.address() as AddressInfo).port}`
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }
      const stdout = await new Promise<string>((resolve) => {
        execFile(process.execPath, [command, 'doctor', hub, '--json'], { env }, (_, text) => resolve(text))
      })
      const [{ what, cure }] = JSON.parse(stdout).findings
      return `${what} → ${cure}`.replace(hub, 'HUB')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  const [good, expired, early, wrongName, own, foreign] = await Promise.all(
    [
      await certify('localhost', { ca }),
      await certify('localhost', { ca, days: [-2, -1] }),
      await certify('localhost', { ca, days: [1, 2] }),
      await certify('auth.example', { ca }),
      await certify('localhost'),
      await certify('localhost', { ca: other }),
    ].map(examined),
  )
  // With a certificate that holds, the next thing is looked at.
  expect(good).toMatch(/^HUB\/\.well-known\/isthmus is not answered by a hub \(404\)/)
  expect(expired).toBe(
    'HUB cannot be reached (CERT_HAS_EXPIRED: certificate has expired). → the certificate has run out: renew it',
  )
  expect(early).toBe(
    'HUB cannot be reached (CERT_NOT_YET_VALID: certificate is not yet valid). → the certificate is not valid yet: is the clock right, there and here?',
  )
  expect(wrongName).toMatch(
    /^HUB cannot be reached \(ERR_TLS_CERT_ALTNAME_INVALID: .*\)\. → the certificate is for another name: get one for this name$/,
  )
  expect(own).toBe(
    'HUB cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate). → the certificate is its own authority: browsers refuse it; use one of a public authority',
  )
  expect(foreign).toBe(
    'HUB cannot be reached (UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify the first certificate). → the server sends its certificate without the intermediate one: configure the full chain; or its authority is not public',
  )
})
