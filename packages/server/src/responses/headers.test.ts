import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ENDPOINTS, type EndpointName } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const DOCUMENT = fileURLToPath(new URL('../../../../SECURITY.md', import.meta.url))

const visit = new URLSearchParams({ return_to: `${SHOP}/`, challenge: sha256(createSecret()) }).toString()
const fromShop = { headers: { referer: `${SHOP}/` } }
const fromHub = { headers: { origin: HUB, 'sec-fetch-site': 'same-origin' } }

interface Actors {
  readonly world: World
  /** Signed in. */
  readonly user: Agent
  readonly guest: Agent
}

/** One request for each kind of answer that an endpoint gives. */
const REQUESTS: readonly (readonly [EndpointName, what: string, ask: (actors: Actors) => Promise<Response>])[] = [
  ['hub', 'to a site', ({ user }) => user.send(ENDPOINTS.hub.path, fromShop)],
  [
    'hub',
    'to a stranger',
    ({ user }) => user.send(ENDPOINTS.hub.path, { headers: { referer: 'https://evil.example/' } }),
  ],
  ['assets', 'of this build', async ({ user }) => user.send(await hubScriptOf(user))],
  ['assets', 'of another build', ({ user }) => user.send('/isthmus/assets/hub-aaaaaaaa.js')],
  ['client', '', ({ user }) => user.send(ENDPOINTS.client.path)],
  ['session', 'to the hub page', ({ user }) => user.call('session', SHOP)],
  ['session', 'to a site', ({ user }) => user.send(ENDPOINTS.session.path, { headers: { origin: SHOP } })],
  ['session', 'to a stranger', ({ user }) => user.send(ENDPOINTS.session.path)],
  ['touch', '', ({ user }) => user.call('touch', SHOP)],
  ['events', '', ({ user }) => user.call('events', SHOP)],
  ['redeem', '', async (actors) => redeem(actors)],
  ['registerVisit', '', ({ user }) => user.call('registerVisit', SHOP, { body: visitBody() })],
  ['link', 'to the site', ({ user }) => user.visit(`${ENDPOINTS.link.path}?${visit}`, fromShop)],
  ['link', 'asks first', ({ user }) => user.visit(`${ENDPOINTS.link.path}?${visit}`)],
  ['link', 'refused', ({ user }) => user.visit(ENDPOINTS.link.path)],
  ['linkFrame', '', ({ user }) => user.call('linkFrame', SHOP)],
  ['login', 'to the login page', ({ guest }) => guest.visit(`${ENDPOINTS.login.path}?${visit}`, fromShop)],
  ['continueSignIn', '', ({ user }) => user.visit(ENDPOINTS.continueSignIn.path)],
  [
    'confirmVisit',
    '',
    ({ user }) => user.send(`${ENDPOINTS.confirmVisit.path}?to=link&${visit}`, { method: 'POST', ...fromHub }),
  ],
  ['logout', 'asks first', ({ user }) => user.visit(ENDPOINTS.logout.path)],
  ['confirmLogout', '', ({ guest }) => guest.send(ENDPOINTS.confirmLogout.path, { method: 'POST', ...fromHub })],
  ['signedOut', '', ({ guest }) => guest.visit(ENDPOINTS.signedOut.path)],
  ['account', 'of a user', ({ user }) => user.visit(ENDPOINTS.account.path)],
  [
    'endSessions',
    '',
    ({ user }) => user.send(ENDPOINTS.endSessions.path, { method: 'POST', ...fromHub, body: 'end=others' }),
  ],
  ['healthz', '', ({ user }) => user.send(ENDPOINTS.healthz.path)],
  ['livez', '', ({ user }) => user.send(ENDPOINTS.livez.path)],
  ['readyz', '', ({ user }) => user.send(ENDPOINTS.readyz.path)],
  ['metrics', '', ({ user }) => user.send(ENDPOINTS.metrics.path)],
  ['jwks', '', ({ user }) => user.send(ENDPOINTS.jwks.path)],
  ['discovery', '', ({ user }) => user.send(ENDPOINTS.discovery.path)],
  ['signOut', '', ({ user }) => user.call('signOut', SHOP)],
]

async function hubScriptOf(agent: Agent): Promise<string> {
  const page = await (await agent.send(ENDPOINTS.hub.path, fromShop)).text()
  return /src="([^"]+)"/.exec(page)?.[1] ?? ''
}

async function redeem({ world, user }: Actors): Promise<Response> {
  return world.agent().call('redeem', SHOP, { body: JSON.stringify(await world.ticket(user, `${SHOP}/`)) })
}

function visitBody(): string {
  return JSON.stringify({ to: 'link', returnTo: `${SHOP}/`, challenge: sha256(createSecret()) })
}

interface Told {
  readonly name: EndpointName
  readonly what: string
  readonly headers: Headers
}

async function ask(): Promise<Told[]> {
  await using world = await createWorld({ metrics: true })
  const actors = { world, user: world.agent(), guest: world.agent() }
  await actors.user.signIn(CUSTOMER)
  const told: Told[] = []
  for (const [name, what, request] of REQUESTS) {
    const { headers, body } = await request(actors)
    told.push({ name, what, headers })
    await body?.cancel()
  }
  return told
}

const BASE = "default-src 'none'; frame-ancestors 'none'"
const COLUMNS = [
  'Content-Security-Policy',
  'Cross-Origin-Embedder-Policy',
  'Cross-Origin-Resource-Policy',
  'Cross-Origin-Opener-Policy',
  'Referrer-Policy',
  'Cache-Control',
  'Access-Control-Allow-Origin',
  'Vary',
]

/** Endpoints that answer alike share a row. */
function printTable(told: readonly Told[]): string {
  const rows = new Map<string, string[]>()
  for (const { name, what, headers } of told) {
    const { method, path } = ENDPOINTS[name]
    const cells = COLUMNS.map((column) => cellOf(headers.get(column))).join(' | ')
    const label = `\`${method} ${path.replace(/^\/isthmus/, '')}\`${what && ` ${what}`}`
    rows.set(cells, [...(rows.get(cells) ?? []), label])
  }
  const head = COLUMNS.map((column) =>
    column
      .replace(/Cross-Origin-(\w)\w+-Policy/, 'CO$1P')
      .replace('Content-Security-Policy', 'CSP')
      .replace('Access-Control-Allow-Origin', 'CORS'),
  )
  return [
    `| answer | ${head.join(' | ')} |`,
    `|${' --- |'.repeat(COLUMNS.length + 1)}`,
    ...[...rows].map(([cells, labels]) => `| ${labels.join(', ')} | ${cells} |`),
    '',
  ].join('\n')
}

function cellOf(value: string | null): string {
  if (value === null) return '–'
  if (value === BASE) return '`base`'
  return `\`${value.replaceAll(/'sha256-[^']+'/g, "'sha256-…'")}\``
}

describe('the headers', () => {
  it('are held for every endpoint', () => {
    expect(new Set(REQUESTS.map(([name]) => name))).toEqual(new Set(Object.keys(ENDPOINTS)))
  })

  it('stand in SECURITY.md', async () => {
    const document = await readFile(DOCUMENT, 'utf8')
    const region = /(<!-- generated:headers -->\n)[\s\S]*?(?=<!-- \/generated -->)/
    const table = printTable(await ask())
    await expect(document.replace(region, (_, mark: string) => mark + table)).toMatchFileSnapshot(DOCUMENT)
  })

  it('loosen no policy, and let nothing be guessed, framed or led back to http', async () => {
    for (const { name, what, headers } of await ask()) {
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy, `${name} ${what}`).toMatch(/^default-src 'none'; /)
      expect(policy).not.toMatch(/unsafe-|\*|data:|blob:/)
      if (name !== 'assets') expect(policy, `${name} ${what}`).toContain('frame-ancestors ')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
      expect(headers.get('cache-control'), `${name} ${what}`).not.toBeNull()
      if (headers.get('content-type')?.startsWith('text/html')) {
        expect(policy).toContain("require-trusted-types-for 'script'")
        expect(headers.get('permissions-policy')).toMatch(/^camera=\(\), /)
        expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
      }
    }
  })

  it.each(['http://auth.localhost:4000', 'https://auth.localhost:4000'])(
    'bind no name of a developer to https: %s',
    async (origin) => {
      await using world = await createWorld({ origin })
      const { headers } = await world.hub.fetch(new Request(`${origin}/isthmus/healthz`))
      expect(headers.get('strict-transport-security')).toBeNull()
    },
  )
})
