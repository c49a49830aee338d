import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openIdProvider } from '../../../../e2e/openid-provider.ts'
import { createHub, type Hub } from '../create-hub.ts'
import { nodeHandler } from '../node.ts'
import { memoryStore } from '../store/memory.ts'
import { type OidcOptions, oidcLogin } from './oidc.ts'

const SHOP = 'https://shop.example'

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Not by fetch, which adds a Sec-Fetch-Mode of its own: a navigation says "navigate". */
async function send(url: URL, headers: OutgoingHttpHeaders, { method = 'GET', body = '' }): Promise<Answer> {
  const sent = request(url, { method, headers, agent: false }).end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const text = (await answer.setEncoding('utf8').toArray()).join('')
  return { status: answer.statusCode ?? 0, headers: answer.headers, text }
}

/** A browser with one jar for each origin, which follows redirects and can send the form of a page. */
function createBrowser() {
  const jars = new Map<string, Map<string, string>>()
  let page = { url: '', text: '', status: 0 }

  async function go(address: string, init: { method?: string; body?: string } = {}): Promise<typeof page> {
    const url = new URL(address)
    const jar = jars.get(url.origin) ?? new Map<string, string>()
    jars.set(url.origin, jar)
    const headers = {
      cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      accept: 'text/html',
      referer: `${SHOP}/`,
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      ...(init.body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    }
    const response = await send(url, headers, init)
    for (const text of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(text)) jar.delete(name)
      else jar.set(name, value)
    }
    const { location } = response.headers
    if (location && !location.startsWith(SHOP)) return go(new URL(location, url).href)
    page = { url: location ?? url.href, text: response.text, status: response.status }
    return page
  }

  return {
    go,
    page: () => page,
    cookies: (origin: string) => [...(jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; '),
    jar: (origin: string) => jars.get(origin) ?? new Map<string, string>(),
    /** Sends the first form of the page, with these fields besides its hidden ones. */
    submit(fields: Readonly<Record<string, string>> = {}): Promise<typeof page> {
      const form = /<form[^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/s.exec(page.text)
      const hidden = [...(form?.[2] ?? '').matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
      const body = new URLSearchParams([
        ...hidden.map(([, name = '', value = '']) => [name, value]),
        ...Object.entries(fields),
      ])
      return go(new URL(form?.[1] ?? '', page.url).href, { method: 'POST', body: String(body) })
    },
  }
}

// The provider has much to say about what a production one is to be given.
beforeEach(() => {
  for (const name of ['info', 'warn', 'log'] as const) vi.spyOn(console, name).mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

type Browser = ReturnType<typeof createBrowser>

interface World {
  readonly hub: Hub
  readonly origin: string
  readonly issuer: string
  readonly onRefused: ReturnType<typeof vi.fn>
}

/** A hub and an OpenID provider (the certified `oidc-provider`), both on loopback. */
async function createWorld(options: Partial<OidcOptions> = {}): Promise<World> {
  const serve: { hub: RequestListener; provider: RequestListener } = { hub: () => {}, provider: () => {} }
  const origin = await listen((request, response) => serve.hub(request, response))
  const issuer = await listen((request, response) => serve.provider(request, response))
  const clientSecret = 'a secret of the hub at the provider'
  serve.provider = openIdProvider({ issuer, hub: origin, clientSecret })
  const store = memoryStore()
  const hub = await createHub({
    origin,
    sites: [{ id: 'shop', origins: [SHOP] }],
    store,
    loginPath: '/isthmus/oidc',
  })
  onTestFinished(() => hub.close())
  const onRefused = vi.fn()
  const config = { id: 'company', name: 'The company', issuer, clientId: 'hub', groups: 'roles' }
  const providers = [{ ...config, clientSecret }]
  serve.hub = nodeHandler(oidcLogin({ hub, origin, store, providers, onRefused, ...options }))
  return { hub, origin, issuer, onRefused }
}

const login = (origin: string): string =>
  `${origin}/isthmus/login?${new URLSearchParams({ return_to: `${SHOP}/cart` })}`

/** From the hub to the provider, through its pages, and back. */
async function signIn(browser: Browser, { origin }: World, user: string): Promise<void> {
  await browser.go(login(origin))
  if (browser.page().text.includes('name="login"')) await browser.submit({ login: user, password: 'any' })
  if (browser.page().text.includes('value="consent"')) await browser.submit()
}

const userOf = async (browser: Browser, { hub, origin }: World): Promise<string | undefined> => {
  const headers = new Headers({ cookie: browser.cookies(origin) })
  return (await hub.sessions.current({ headers, url: `${origin}/`, method: 'GET' } as never))?.sub
}

describe('login by an OpenID provider', () => {
  it('signs in the user that the provider names, with claims and groups, and leads back to the site', async () => {
    const world = await createWorld()
    const browser = createBrowser()
    await signIn(browser, world, 'ann')
    expect(world.onRefused.mock.calls).toEqual([])
    // By a redirect, or by a page that goes on.
    expect(browser.page().url + browser.page().text).toContain(`${SHOP}/cart`)
    expect(await userOf(browser, world)).toBe('ann')
    const [session] = await world.hub.sessions.list('ann')
    expect(session).toMatchObject({ claims: { name: 'Ann' }, groups: ['customers', 'staff'] })
    // Nothing of the journey stays.
    expect(browser.cookies(world.origin)).not.toContain('isthmus.oidc')
  })

  it('the end of the session at the provider ends it here: that one, and no other user’s', async () => {
    const world = await createWorld()
    const [ann, bob] = [createBrowser(), createBrowser()]
    await signIn(ann, world, 'ann')
    await signIn(bob, world, 'bob')
    expect([await userOf(ann, world), await userOf(bob, world)]).toEqual(['ann', 'bob'])
    await ann.go(`${world.issuer}/session/end`)
    await ann.submit({ logout: 'yes' })
    await expect.poll(() => userOf(ann, world)).toBeUndefined()
    expect(await userOf(bob, world)).toBe('bob')
    expect(world.onRefused.mock.calls).toEqual([])
  })

  it('leads to the logout of the provider, which ends the session here, and back to the signed-out page', async () => {
    const world = await createWorld()
    const ann = createBrowser()
    await signIn(ann, world, 'ann')
    await ann.go(`${world.origin}/isthmus/oidc/logout`)
    expect(ann.page().url).toContain(`${world.issuer}/session/end`)
    // Whoever planted the link has ended nothing.
    expect(await userOf(ann, world)).toBe('ann')
    await ann.submit({ logout: 'yes' })
    expect(ann.page().url).toBe(`${world.origin}/isthmus/signed-out`)
    await expect.poll(() => userOf(ann, world)).toBeUndefined()
    expect((await ann.go(`${world.origin}/isthmus/oidc/logout?provider=other`)).status).toBe(403)
    expect(world.onRefused.mock.calls).toEqual([['there is no provider "other"']])
  })

  it('refuses an answer that another browser asked for, or that was changed', async () => {
    const world = await createWorld()
    const eve = createBrowser()
    await eve.go(login(world.origin))
    const [name = ''] = [...eve.jar(world.origin).keys()].filter((key) => key.includes('isthmus.oidc'))
    const state = name.slice('__Host-isthmus.oidc.'.length)
    const callback = `${world.origin}/isthmus/oidc/callback?${new URLSearchParams({ code: 'x', state, iss: world.issuer })}`
    const ann = createBrowser()
    expect((await ann.go(callback)).status).toBe(403)
    expect(world.onRefused).toHaveBeenLastCalledWith(expect.stringContaining('this browser did not begin it'))
    // The right browser with a wrong code.
    expect((await eve.go(callback)).status).toBe(403)
    expect(world.onRefused).toHaveBeenLastCalledWith(expect.stringMatching(/^company: invalid_grant/))
    // An answer of another provider.
    expect((await eve.go(callback.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example'))).status).toBe(403)
    // The provider says no.
    await eve.go(
      `${world.origin}/isthmus/oidc/callback?${new URLSearchParams({ error: 'access_denied', state, iss: world.issuer })}`,
    )
    expect(world.onRefused).toHaveBeenLastCalledWith(expect.stringMatching(/^company: access_denied/))
    expect(await userOf(eve, world)).toBeUndefined()
  })

  it('refuses logout tokens that are none', async () => {
    const world = await createWorld()
    for (const token of ['', 'x', 'a.b.c']) {
      const answer = await fetch(`${world.origin}/isthmus/oidc/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      })
      expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_request' }])
    }
  })

  it('asks which provider, where there are several', async () => {
    const shared = { clientId: 'hub', clientSecret: 'a secret of the hub at the provider' }
    const world = await createWorld()
    const several = await createWorld({
      providers: [
        { id: 'company', name: 'The company', issuer: world.issuer, ...shared },
        { id: 'other', name: '<b>Other</b>', issuer: world.issuer, ...shared },
      ],
    })
    const browser = createBrowser()
    const page = await browser.go(login(several.origin))
    expect(page.text).toContain('>The company</a>')
    expect(page.text).toContain('&lt;b&gt;Other&lt;/b&gt;')
    const [, address = ''] = /href="([^"]+provider=company[^"]*)"/.exec(page.text) ?? []
    await browser.go(new URL(address.replaceAll('&amp;', '&'), several.origin).href)
    expect(browser.page().url).toContain(world.issuer)
  })

  it('does not start with a provider that cannot be one, and survives one that is away', async () => {
    const world = await createWorld()
    const good = { id: 'company', issuer: 'https://id.example', clientId: 'hub', clientSecret: 'secret' }
    for (const [change, sentence] of [
      [{ issuer: 'http://id.example' }, /issuer is an https address/],
      [{ clientSecret: '' }, /clientSecret is missing/],
      [{ id: 'The company' }, /id is written in/],
      [{ scope: 'email' }, /has to contain "openid"/],
    ] as const) {
      const start = (): unknown =>
        oidcLogin({ hub: world.hub, origin: world.origin, store: memoryStore(), providers: [{ ...good, ...change }] })
      expect(start).toThrow(sentence)
    }
    const onRefused = vi.fn()
    const away = { ...good, issuer: 'http://127.0.0.1:1' }
    const options = { hub: world.hub, origin: world.origin, store: memoryStore(), providers: [away], onRefused }
    const answer = await oidcLogin(options).fetch(new Request(`${world.origin}/isthmus/oidc`))
    expect(answer.status).toBe(503)
  })
})
