import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { JWKS_PATH, LOGOUT_EVENT } from '@isthmus/protocol'
import { test as base, expect } from '@playwright/test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type BackEnd, freePort, startBackEnd } from '../back-ends.ts'
import { foundLanguages } from '../languages.ts'

const SHOP = 'https://shop.example'

/** As much of a hub as a back end sees. */
interface HubOfTest {
  readonly origin: string
  readonly jwks: string
  sign(typ: string, claims: object): Promise<string>
}

const test = base.extend<{ hub: HubOfTest; site: BackEnd }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it.
  hub: async ({}, use) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }
    const server = createServer(({ url, headers }, response) => {
      const discovery = { version: 1, ...(headers.origin === SHOP && { site: 'shop' }) }
      response.end(JSON.stringify(url === JWKS_PATH ? { keys: [jwk] } : discovery))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await use({
      origin,
      jwks: origin + JWKS_PATH,
      sign(typ, claims) {
        const at = Math.floor(Date.now() / 1000)
        return new SignJWT({ iss: origin, aud: 'shop', iat: at, exp: at + 60, ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
          .sign(privateKey)
      },
    })
    server.closeAllConnections()
    server.close()
  },
  site: async ({ hub }, use) => {
    const options = { hub: hub.origin, jwks: hub.jwks, site: 'shop', port: await freePort() }
    await using site = await startBackEnd('codeigniter', options)
    if (site) await use(site)
  },
})

test.beforeEach(() => {
  test.skip(!foundLanguages().php, 'php could not be had')
})

test.describe('the filter bound-session', () => {
  interface Seen {
    readonly id: string
    readonly holds: readonly string[]
  }

  /** A browser, as far as its cookies go. */
  function browserAt(site: BackEnd) {
    let session = ''
    return async (path: string, token?: string): Promise<Seen> => {
      const cookie = [session, ...(token === undefined ? [] : [`isthmus_token=${token}`])].filter(Boolean).join('; ')
      const answer = await fetch(site.url + path, { headers: { cookie } })
      const set = answer.headers.getSetCookie().findLast((one) => one.startsWith('ci_session='))
      session = set?.split(';', 1)[0] ?? session
      return (await answer.json()) as Seen
    }
  }

  const ANN = { sub: 'ann', sid: 's1' }

  test('keeps what a guest had when the guest signs in, under a new id', async ({ hub, site }) => {
    const visit = browserAt(site)
    const guest = await visit('/session?set=cart')
    const ann = await visit('/session?set=address', await hub.sign('JWT', ANN))
    expect(ann.holds).toEqual(['cart', 'address'])
    expect(ann.id).not.toBe(guest.id)
    // The next token of the same session changes nothing.
    expect(await visit('/session', await hub.sign('JWT', { ...ANN, name: 'Ann' }))).toEqual(ann)
  })

  // Regression: CodeIgniter's own session outlived the hub's, and its get() leaves out flash data and temporary data.
  for (const [what, next] of [
    ['another user comes', (hub: HubOfTest) => hub.sign('JWT', { sub: 'bob', sid: 's2' })],
    ['the user signs in anew', (hub: HubOfTest) => hub.sign('JWT', { ...ANN, sid: 's3' })],
    ['the token is gone', () => undefined],
    ['the token is forged', () => 'no.token.'],
  ] as const) {
    test(`is empty, under a new id, when ${what}`, async ({ hub, site }) => {
      const visit = browserAt(site)
      const ann = await visit('/session?set=a&setFlashdata=b&setTempdata=c', await hub.sign('JWT', ANN))
      expect(ann.holds).toEqual(['a', 'b', 'c'])
      const after = await visit('/session', await next(hub))
      expect(after.holds).toEqual([])
      expect(after.id).not.toBe(ann.id)
    })
  }

  test('is empty once the hub said that the session is over', async ({ hub, site }) => {
    const visit = browserAt(site)
    const token = await hub.sign('JWT', ANN)
    await visit('/session?set=a', token)
    const jti = crypto.randomUUID()
    const logout_token = await hub.sign('logout+jwt', { ...ANN, jti, events: { [LOGOUT_EVENT]: {} } })
    const body = new URLSearchParams({ logout_token })
    expect((await fetch(`${site.url}/isthmus/backchannel-logout`, { method: 'POST', body })).status).toBe(200)
    expect((await visit('/session', token)).holds).toEqual([])
  })

  test('stays as it is while a token has run out: that says nothing of the session', async ({ hub, site }) => {
    const visit = browserAt(site)
    const ann = await visit('/session?set=a', await hub.sign('JWT', ANN))
    const at = Math.floor(Date.now() / 1000)
    expect(await visit('/session', await hub.sign('JWT', { ...ANN, iat: at - 60, exp: at - 1 }))).toEqual(ann)
  })
})

test.describe('the filter members', () => {
  // Regression: a redirect to the login came back here for as long as the browser kept no cookie, and so for ever.
  test('answers guests 401 with a page that carries the script, and leads nowhere', async ({ hub, site }) => {
    const answer = await fetch(`${site.url}/members`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location'), answer.headers.get('refresh')]).toEqual([401, null, null])
    expect(answer.headers.get('cache-control')).toBe('private, no-cache')
    const page = await answer.text()
    expect(page).toContain(`<script src="${hub.origin}/isthmus/client.js" data-mirror="cookie" async></script>`)
    expect(page).not.toMatch(/http-equiv|location\s*=|location\.(assign|replace)/)
  })

  test('asks for a group, where one is named', async ({ hub, site }) => {
    const ask = async (path: string): Promise<number> => {
      const cookie = `isthmus_token=${await hub.sign('JWT', { sub: 'ann', sid: 's', groups: ['staff'] })}`
      return (await fetch(site.url + path, { headers: { cookie } })).status
    }
    expect([await ask('/members'), await ask('/members?group=staff'), await ask('/members?group=owners')]).toEqual([
      200, 200, 403,
    ])
  })

  // From 4.7 browsers find "script-src-elem" in the policy, which csp_script_nonce() does not write to.
  test('adds to the policy what the page needs: script, frame, connection, and the nonce of its own script', async ({
    hub,
    site,
  }) => {
    const cookie = `isthmus_token=${await hub.sign('JWT', { sub: 'ann', sid: 's' })}`
    const guest = await fetch(`${site.url}/members`)
    const member = await fetch(`${site.url}/members`, { headers: { cookie } })
    for (const { headers } of [guest, member]) {
      const policy = new Map(
        headers
          .get('content-security-policy')
          ?.split('; ')
          .map((text) => text.split(' '))
          .map(([name = '', ...sources]) => [name, sources]),
      )
      for (const name of ['script-src', 'script-src-elem', 'connect-src']) {
        expect(policy.get(name)).toEqual(expect.arrayContaining(["'self'", hub.origin]))
      }
      expect(policy.get('frame-src')).toEqual([hub.origin])
    }
    const [, nonce] = /<script nonce="([^"]+)">/.exec(await guest.text()) ?? []
    expect(guest.headers.get('content-security-policy')).toMatch(
      new RegExp(`script-src-elem [^;]*'nonce-${nonce?.replace(/[+/]/g, '\\$&')}'`),
    )
  })

  // Regression: cachePage() in a controller gave one user's page to the next visitor.
  test('keeps its pages out of the page cache', async ({ hub, site }) => {
    const cookie = `isthmus_token=${await hub.sign('JWT', { sub: 'ann', sid: 's' })}`
    const path = `${site.url}/members?cachePage`
    expect(await (await fetch(path, { headers: { cookie } })).text()).toBe('For members: ann')
    const next = await fetch(path)
    expect(next.status).toBe(401)
    expect(await next.text()).not.toContain('ann')
  })
})

test.describe('php spark isthmus:check', () => {
  const standIn = fileURLToPath(new URL('codeigniter-stand-in.php', import.meta.url))

  /** What it says, and its exit code; `config` is set over what the application has. */
  async function check(hub: HubOfTest, config: object = {}, more: NodeJS.ProcessEnv = {}) {
    const data = await mkdtemp(join(tmpdir(), 'isthmus-codeigniter-'))
    const CONFIG = JSON.stringify({ App: { baseURL: `${SHOP}/` }, ...config })
    const env = { ...process.env, DATA: data, HUB: hub.origin, SITE: 'shop', JWKS: hub.jwks, CONFIG, ...more }
    try {
      return await new Promise<{ code: number; said: string }>((resolve) => {
        execFile(foundLanguages().php ?? '', [standIn], { env }, (error, stdout) => {
          resolve({ code: Number(error?.code ?? 0), said: stdout.trim() })
        })
      })
    } finally {
      await rm(data, { recursive: true })
    }
  }

  test('finds nothing where all is well', async ({ hub }) => {
    expect(await check(hub)).toEqual({
      code: 0,
      said: [
        '✓ hub and site are set',
        '✓ what ended can be remembered',
        '✓ the keys of the hub can be had',
        '✓ the hub knows this site',
        '✓ logouts are taken',
        '✓ logouts are exempt from CSRF protection',
        'No fault was found.',
      ].join('\n'),
    })
  })

  const faults: readonly (readonly [string, { config?: object; env?: NodeJS.ProcessEnv }, string])[] = [
    ['no hub is set', { env: { HUB: '' } }, '✗ hub and site are set: Isthmus: hub is not set. Write isthmus.hub ='],
    [
      'the folder is not its own',
      { env: { DATA: '/proc' } },
      '✗ what ended can be remembered: /proc/isthmus cannot be used: give its folder to the user that PHP runs as.',
    ],
    [
      'the hub cannot be reached',
      { env: { JWKS: 'http://127.0.0.1:1/jwks.json' } },
      '✗ the keys of the hub can be had: The keys of the hub cannot be had from http://127.0.0.1:1/jwks.json.',
    ],
    [
      'the origin is not registered',
      { config: { App: { baseURL: 'https://shop.test/' } } },
      '✗ the hub knows this site: app.baseURL is of the origin https://shop.test, which the hub knows as no site',
    ],
    [
      'the site is another one',
      { env: { SITE: 'news' } },
      'which the hub knows as "shop": add it to the origins of "news", or set app.baseURL',
    ],
    [
      'routes of modules are not discovered',
      { config: { Modules: { aliases: ['events'] } } },
      '✗ logouts are taken: there is no route for POST isthmus/backchannel-logout',
    ],
    [
      'plain http is redirected',
      { config: { App: { baseURL: 'http://shop.example/', forceGlobalSecureRequests: true } } },
      '✗ logouts are taken: forceGlobalSecureRequests answers plain http with 307',
    ],
    [
      'every POST is protected',
      { config: { Filters: { methods: { POST: ['csrf'] } } } },
      '✗ logouts are exempt from CSRF protection: the hub would get 403.',
    ],
    [
      'the path is protected',
      { config: { Filters: { filters: { csrf: { before: ['isthmus/*'] } } } } },
      '✗ logouts are exempt from CSRF protection: the hub would get 403.',
    ],
  ]
  for (const [what, { config, env }, sentence] of faults) {
    test(`names the fault and its cure when ${what}`, async ({ hub }) => {
      const { code, said } = await check(hub, config, env)
      expect(said).toContain(sentence)
      expect(said).toMatch(/\d to mend\.$/)
      expect(code).toBe(1)
    })
  }
})
