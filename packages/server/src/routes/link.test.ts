import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, NEWS, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const TICKET = /#isthmus=([\w-]{43})$/
const challenge = sha256(createSecret())

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

type Query = Record<string, string>

/** A visit that a page of the shop begins, or of another site where it says so. */
function bounce(agent: Agent, path: 'link' | 'login', query: Query, referer = `${SHOP}/`): Promise<Response> {
  return agent.visit(`/isthmus/${path}?${new URLSearchParams(query)}`, { headers: { referer } })
}

function expectRedirect(response: Response): string {
  expect(response.status).toBe(303)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  return response.headers.get('location') ?? ''
}

async function expectErrorPage(response: Response, code: string): Promise<void> {
  expect(response.status).toBe(400)
  expect(response.headers.get('location')).toBeNull()
  expect(response.headers.getSetCookie()).toEqual([])
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  const page = await response.text()
  expect(page).toContain('<h1>This link does not work</h1>')
  expect(page).toContain(`<code>${code}</code>`)
}

/** Ways back that lead elsewhere, or could be read so by somebody. */
const OPEN_REDIRECTS: readonly string[] = [
  'https://evil.example/',
  'https://shop.example.evil/',
  'https://shop.example@evil.example/',
  'https://user@shop.example/',
  'https://user:pass@shop.example/',
  'https://shop.example:8443/',
  'http://shop.example/',
  'https://sub.shop.example/',
  '//evil.example/',
  '//shop.example/',
  '/\\evil.example/',
  '\\\\evil.example/',
  'https:\\\\shop.example/',
  'https://evil.example\\@shop.example/',
  'https://shop.example\\.evil.example/',
  'https:/shop.example/',
  'https:shop.example/',
  '/local',
  'shop.example',
  'javascript:alert(1)//https://shop.example/',
  'JavaScript://shop.example/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:https://shop.example/1',
  'view-source:https://shop.example/',
  'https://shop.example/\r\nSet-Cookie: a=b',
  'https://shop.example/\nLocation: https://evil.example/',
  'https://shop.example\t.evil.example/',
  ' https://shop.example/',
  'https://shop.example /',
  '\u0000https://shop.example/',
  'https://%65vil.example/',
  'https://sh\u043ep.example/',
  'null',
]

describe.each(['link', 'login'] as const)('GET /%s', (path) => {
  it.each(OPEN_REDIRECTS)('does not lead to %j', async (returnTo) => {
    await using world = await createWorld()
    const response = await bounce(await signedIn(world), path, { return_to: returnTo, challenge })
    await expectErrorPage(response, 'return-to-refused')
  })

  it.each<[string, Query]>([
    ['no way back', { challenge }],
    ['an empty way back', { return_to: '' }],
    ['a way back that is too long', { return_to: `${SHOP}/${'x'.repeat(4096)}` }],
    ['a challenge that is none', { return_to: `${SHOP}/`, challenge: 'plain' }],
    ['a prompt that is none', { return_to: `${SHOP}/`, prompt: 'consent' }],
    ['a site that is none', { return_to: `${SHOP}/`, site: '../shop' }],
  ])('refuses %s', async (_, query) => {
    await using world = await createWorld()
    await expectErrorPage(await bounce(await signedIn(world), path, { x: '', ...query }), 'invalid-request')
  })

  it('goes back to an origin of the named site only', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    await expectErrorPage(await bounce(browser, path, { site: 'news', return_to: `${SHOP}/` }), 'return-to-refused')
    await expectErrorPage(await bounce(browser, path, { site: 'nobody', return_to: `${SHOP}/` }), 'return-to-refused')
    expect(expectRedirect(await bounce(browser, path, { site: 'shop', return_to: `${SHOP}/` }))).toBe(`${SHOP}/`)
  })

  it('brings the ticket in the fragment, and in nothing that a server sees', async () => {
    await using world = await createWorld()
    const response = await bounce(await signedIn(world), path, { return_to: `${SHOP}/a?b=c&d=%20#old`, challenge })
    const location = expectRedirect(response)
    const [, ticket = ''] = TICKET.exec(location) ?? []
    expect(location).toBe(`${SHOP}/a?b=c&d=%20#isthmus=${ticket}`)
    expect(JSON.stringify([...response.headers]).split(ticket)).toHaveLength(2)
  })

  it('brings no ticket to a client that keeps no verifier, nor takes its fragment', async () => {
    await using world = await createWorld()
    const returnTo = `${SHOP}/a?b=c#/old?d=e`
    expect(expectRedirect(await bounce(await signedIn(world), path, { return_to: returnTo }))).toBe(returnTo)
    expect(await world.dump()).not.toContain('ticket/')
  })

  it('writes the way back as browsers do', async () => {
    await using world = await createWorld()
    const location = expectRedirect(
      await bounce(await signedIn(world), path, { return_to: 'HTTPS://Shop.example:443/\u65e5?\u672c' }),
    )
    expect(location).toBe(`${SHOP}/%E6%97%A5?%E6%9C%AC`)
  })
})

describe('GET /link', () => {
  it('shows nobody a page: a browser that is signed out comes back as a guest', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const response = await bounce(browser, 'link', { return_to: `${SHOP}/`, challenge, prompt: 'none' })
    expect(expectRedirect(response)).toMatch(TICKET)
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-isthmus\.guest=[\w-]{43}; Max-Age=3600; .*SameSite=Lax$/),
    ])
    const rows = (await world.store.keys('')).map((key) => key.split('/')[0])
    expect(rows).toEqual(['hub', 'ticket'])
  })

  it('sets no cookie where there is a session', async () => {
    await using world = await createWorld()
    const response = await bounce(await signedIn(world), 'link', { return_to: `${SHOP}/`, challenge, prompt: 'none' })
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('leads to the login page with prompt=login', async () => {
    await using world = await createWorld()
    const response = await bounce(await signedIn(world), 'link', { return_to: `${SHOP}/`, challenge, prompt: 'login' })
    expect(expectRedirect(response)).toMatch(/^\/login\?isthmus=/)
  })
})

describe('GET /login', () => {
  it('leads to the login page, and from there back with a ticket for the new session', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const verifier = createSecret()
    const query = { return_to: `${SHOP}/cart`, challenge: sha256(verifier), site: 'shop' }
    const response = await bounce(browser, 'login', query)
    const loginPage = expectRedirect(response)
    const id = /^\/login\?isthmus=([a-z2-7]{26})$/.exec(loginPage)?.[1] ?? ''
    expect(response.headers.getSetCookie()).toEqual([
      `__Host-isthmus.login.${id}=1; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ])
    const { redirectTo } = await browser.signIn(CUSTOMER, loginPage)
    expect(redirectTo).toBe(`/isthmus/continue?pending=${id}`)
    const page = await browser.visit(redirectTo)
    expect(page.headers.get('location')).toBeNull()
    const [, ticket = ''] =
      /content="0;url=https:\/\/shop\.example\/cart#isthmus=([\w-]{43})"/.exec(await page.text()) ?? []
    expect([...browser.cookies.keys()]).not.toContain(`__Host-isthmus.login.${id}`)
    const body = JSON.stringify({ ticket, verifier })
    expect(await world.agent().ask('redeem', SHOP, { body })).toMatchObject({ state: { user: { sub: 'customer' } } })
  })

  it('asks for the password again with prompt=login, though there is a session', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const loginPage = expectRedirect(
      await bounce(browser, 'login', { return_to: `${SHOP}/`, challenge, prompt: 'login' }),
    )
    expect(loginPage).toMatch(/^\/login\?/)
    expect(await browser.follow((await browser.signIn(CLERK, loginPage)).redirectTo)).toMatch(TICKET)
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { user: { sub: 'clerk' } } })
    expect(await world.hub.sessions.list('customer')).toEqual([])
  })

  it('is not impressed by a session that is over', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    await browser.ask('signOut', SHOP)
    expect(expectRedirect(await bounce(browser, 'login', { return_to: `${SHOP}/`, challenge }))).toMatch(/^\/login\?/)
  })

  it('without a way back is the login page, wherever it lies', async () => {
    await using world = await createWorld({ loginPath: '/account?view=login' })
    expect(expectRedirect(await world.agent().visit('/isthmus/login'))).toBe('/account?view=login')
    const browser = world.agent()
    const location = expectRedirect(await bounce(browser, 'login', { return_to: `${NEWS}/` }, `${NEWS}/`))
    expect(location).toMatch(/^\/account\?view=login&isthmus=[a-z2-7]{26}$/)
    expect(await browser.follow((await browser.signIn(CUSTOMER, location)).redirectTo)).toBe(`${NEWS}/`)
  })

  it('keeps nothing of a long address in headers', async () => {
    await using world = await createWorld()
    const returnTo = `${SHOP}/?q=${'\u0438'.repeat(600)}`
    const response = await bounce(world.agent(), 'login', { return_to: returnTo, challenge })
    expect(JSON.stringify([...response.headers]).length).toBeLessThan(800)
    const back = await bounce(await signedIn(world), 'link', { return_to: returnTo, challenge })
    expect(back.status).toBe(200)
    expect(JSON.stringify([...back.headers]).length).toBeLessThan(1000)
    expect(await back.text()).toContain(`content="0;url=${new URL(returnTo).href}#isthmus=`)
  })
})

describe('returnPaths', () => {
  it.each([
    ['/shop', true],
    ['/shop/cart?x=/out', true],
    ['/shopping', false],
    ['/out?to=/shop', false],
    ['/shop/../out', false],
    ['/shop/%2e%2e/out', false],
    ['/shop/..%2fout', false],
    ['/', false],
  ])('a visit back to %s: %s', async (path, isAllowed) => {
    await using world = await createWorld({ sites: [{ id: 'shop', origins: [SHOP], returnPaths: ['/shop'] }] })
    const response = await bounce(await signedIn(world), 'link', { return_to: SHOP + path, challenge })
    if (isAllowed) expect(expectRedirect(response)).toMatch(TICKET)
    else await expectErrorPage(response, 'return-to-refused')
  })

  it('are checked when a visit is registered', async () => {
    await using world = await createWorld({ sites: [{ id: 'shop', origins: [SHOP], returnPaths: ['/shop'] }] })
    const body = JSON.stringify({ to: 'link', returnTo: `${SHOP}/out?to=https://evil.example/`, challenge })
    expect(await (await world.agent().call('registerVisit', SHOP, { body })).json()).toMatchObject({
      error: 'return-to-refused',
    })
  })
})

describe('a visit that is refused', () => {
  it.each<[string, Query, string, string | undefined]>([
    ['to the page that asked', { return_to: `${SHOP}/a?b=c`, challenge: 'bad' }, `${SHOP}/`, `${SHOP}/a?b=c`],
    ['to the site that the browser names', { return_to: 'https://evil.example/' }, `${NEWS}/x`, NEWS],
    ['to the site that the address names', { site: 'shop', return_to: '/x' }, 'https://evil.example/', SHOP],
    ['to nowhere, where none is known', { return_to: 'https://evil.example/' }, 'https://evil.example/', undefined],
  ])('names the cause, and has a way back %s', async (_, query, referer, href) => {
    await using world = await createWorld()
    const page = await (await bounce(world.agent(), 'link', query, referer)).text()
    expect(page).toMatch(/<code>(?:invalid-request|return-to-refused)<\/code>/)
    expect(/<a href="([^"]*)">Back to/.exec(page)?.[1]).toBe(href)
  })
})
