import { LOGIN_LIFETIME_MS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, HUB, NEWS, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const challenge = sha256(createSecret())
const FORM_POST = { origin: 'https://id.example', 'sec-fetch-site': 'cross-site' }

/** Begins to sign in on a page; gives the address of the login page. */
async function begin(browser: Agent, page: string, prompt?: 'login'): Promise<string> {
  const query = new URLSearchParams({ return_to: page, challenge, ...(prompt && { prompt }) })
  const response = await browser.visit(`/isthmus/login?${query}`, { headers: { referer: page } })
  return response.headers.get('location') ?? ''
}

const idOf = (address: string): string => new URL(address, HUB).searchParams.get('isthmus') ?? ''

/** A login form sent by a browser, with headers of its own. */
async function signIn(
  world: World,
  browser: Agent,
  { path = '/login', pending, ...headers }: Record<string, string | undefined> = {},
): Promise<string> {
  const request = browser.request(path, { method: 'POST', headers: { origin: HUB, ...headers } })
  const { cookies, redirectTo } = await world.hub.signIn(request, CUSTOMER, pending === undefined ? {} : { pending })
  for (const cookie of cookies) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    browser.cookies.set(name, value)
  }
  return redirectTo
}

describe('after the password', () => {
  it('two tabs at the login page each go back to their own site, though their forms drop the query', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const shop = await begin(browser, `${SHOP}/cart`)
    const news = await begin(browser, `${NEWS}/story`)
    const toShop = await signIn(world, browser, { referer: HUB + shop })
    expect(await browser.follow(toShop)).toMatch(/^https:\/\/shop\.example\/cart#isthmus=[\w-]{43}$/)
    const toNews = await signIn(world, browser, { referer: HUB + news })
    expect(await browser.follow(toNews)).toMatch(/^https:\/\/news\.example\/story#isthmus=[\w-]{43}$/)
  })

  it('without query and Referer the one that is pending is meant, and of several none', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await begin(browser, `${SHOP}/`)
    expect(await browser.follow(await signIn(world, browser))).toMatch(/^https:\/\/shop\.example\//)
    await begin(browser, `${SHOP}/`, 'login')
    await begin(browser, `${NEWS}/`, 'login')
    expect(await signIn(world, browser)).toBe('/')
  })

  it('keeps a few, and takes the oldest away', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const addresses: string[] = []
    for (let tab = 0; tab < 7; tab++) addresses.push(await begin(browser, `${SHOP}/${tab}`))
    const kept = [...browser.cookies.keys()].map((name) => name.replace('__Host-isthmus.login.', ''))
    expect(kept).toEqual(addresses.slice(-5).map(idOf))
  })

  it('is over after 30 minutes, and leads to the start page', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const path = await begin(browser, `${SHOP}/`)
    world.pass(LOGIN_LIFETIME_MS)
    expect(await signIn(world, browser, { path })).toBe('/')
  })

  it('in a browser that keeps no cookies says so, and has a way back without a ticket', async () => {
    await using world = await createWorld()
    const path = await begin(world.agent(), `${SHOP}/cart`)
    const browser = world.agent()
    const request = browser.request(path, { method: 'POST', headers: { origin: HUB } })
    const { redirectTo } = await world.hub.signIn(request, CUSTOMER)
    const response = await browser.visit(redirectTo)
    expect(response.status).toBe(401)
    const page = await response.text()
    expect(page).toContain('This browser keeps no cookies here')
    expect(page).toContain(`<a href="${SHOP}/cart">Back to shop</a>`)
    expect(await world.store.keys('ticket/')).toEqual([])
  })

  it('goes on once', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const to = await signIn(world, browser, { path: await begin(browser, `${SHOP}/`) })
    const before = { ...Object.fromEntries(browser.cookies) }
    expect(await browser.follow(to)).toMatch(/#isthmus=/)
    expect((await world.agent(before).visit(to)).headers.get('location')).toBe('/')
  })
})

describe('a provider that answers by a POST of its own', () => {
  it('brings none of the Lax cookies: the program names what its state belongs to', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const guest = await world.link(browser, NEWS)
    const pending = idOf(await begin(browser, `${SHOP}/cart`))
    const bare = world.agent()
    const to = await signIn(world, bare, { path: '/callback', pending, ...FORM_POST })
    for (const [name, value] of bare.cookies) browser.cookies.set(name, value)
    expect(await browser.follow(to)).toMatch(/^https:\/\/shop\.example\/cart#isthmus=[\w-]{43}$/)
    // The guest of that browser has moved on, though its cookie stayed behind.
    expect(await guest.ask('session', NEWS)).toMatchObject({ state: { status: 'unlinked' } })
  })

  it.each(['', 'undefined', `${'x'.repeat(26)}1`])('is refused where it names none: %j', async (pending) => {
    await using world = await createWorld()
    await expect(signIn(world, world.agent(), { pending, ...FORM_POST })).rejects.toMatchObject({
      code: 'origin-refused',
    })
  })

  it('ends the session before it, by the cookie that comes along', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CLERK)
    const pending = idOf(await begin(browser, `${SHOP}/`, 'login'))
    const sent = world.agent({ '__Host-isthmus': browser.cookies.get('__Host-isthmus') ?? '' })
    await signIn(world, sent, { path: '/callback', pending, ...FORM_POST })
    expect(await world.hub.sessions.list('clerk')).toEqual([])
  })
})

describe('a pending sign-in that this browser did not begin', () => {
  it.each([true, false])(
    'signs the user in and leads to the start page, with no ticket: named by the program: %s',
    async (named) => {
      await using world = await createWorld()
      const path = await begin(world.agent(), `${SHOP}/out?to=https://evil.example/`)
      const victim = world.agent()
      const to = await signIn(world, victim, { path, ...(named && { pending: idOf(path) }) })
      const end = to === '/' ? to : (await victim.visit(to)).headers.get('location')
      expect(end).toBe('/')
      expect(await victim.ask('session', SHOP)).toMatchObject({ state: { user: { sub: 'customer' } } })
      expect(await world.store.keys('ticket/')).toEqual([])
    },
  )

  it('is not used up by another browser, nor fulfilled by another session', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const path = await begin(browser, `${SHOP}/`)
    const thief = world.agent()
    await thief.signIn(CLERK)
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value)
    expect((await thief.visit(`/isthmus/continue?pending=${idOf(path)}`)).headers.get('location')).toBe('/')
    expect(await browser.follow(await signIn(world, browser, { path }))).toMatch(/#isthmus=/)
  })

  it.each(['', 'x', 'account=', `return_to=${SHOP}/`, 'a'.repeat(26), '__proto__'])('is %j', async (id) => {
    await using world = await createWorld()
    const browser = world.agent({ [`__Host-isthmus.login.${encodeURIComponent(id)}`]: '1' })
    expect(await signIn(world, browser, { path: `/login?isthmus=${encodeURIComponent(id)}` })).toBe('/')
    expect(await signIn(world, browser, { path: '/login', pending: id })).toBe('/')
    const response = await browser.visit(`/isthmus/continue?pending=${encodeURIComponent(id)}`)
    expect(response.headers.get('location')).toBe('/')
  })
})

describe('POST /continue', () => {
  const query = (fields: Record<string, string>): string => new URLSearchParams(fields).toString()
  const post = (browser: Agent, address: string, origin: string | undefined = HUB): Promise<Response> =>
    browser.visit(address, { method: 'POST', headers: { origin } })

  /** Where the button of the page leads that a visit finds. */
  async function actionOf(page: Response): Promise<string> {
    return /<form method="post" action="([^"]*)">/.exec(await page.text())?.[1]?.replaceAll('&amp;', '&') ?? ''
  }

  it.each(['in full', 'by its id'])('goes on with a visit that was written %s', async (how) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const body = JSON.stringify({ to: 'link', returnTo: `${SHOP}/a?b=c&d`, challenge })
    const { visit } = await (await browser.call('registerVisit', SHOP, { body })).json()
    const named = how === 'in full' ? query({ return_to: `${SHOP}/a?b=c&d`, challenge }) : `visit=${visit}`
    const page = await browser.visit(`/isthmus/link?${named}`, { headers: { referer: 'https://evil.example/' } })
    const answer = await post(browser, await actionOf(page))
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain(`content="0;url=${SHOP}/a?b=c&amp;d#isthmus=`)
  })

  it('goes on with a registered visit once; the second time it has a way back', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const body = JSON.stringify({ to: 'link', returnTo: `${SHOP}/a`, challenge })
    const { visit } = await (await browser.call('registerVisit', SHOP, { body })).json()
    const action = await actionOf(await browser.visit(`/isthmus/link?visit=${visit}`))
    expect((await post(browser, action)).status).toBe(200)
    const second = await post(browser, action)
    expect(second.status).toBe(410)
    expect(await second.text()).toContain(`<a href="${SHOP}/a">Back to shop</a>`)
  })

  it('leads to the login page, for whoever is signed out', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const page = await browser.visit(`/isthmus/login?${query({ return_to: `${SHOP}/`, challenge })}`)
    const answer = await post(browser, await actionOf(page))
    const path = /content="0;url=([^"]*)"/.exec(await answer.text())?.[1] ?? ''
    expect(path).toMatch(/^\/login\?isthmus=[a-z2-7]{26}$/)
    expect(await browser.follow(await signIn(world, browser, { path }))).toMatch(/^https:\/\/shop\.example\/#isthmus=/)
  })

  it.each([undefined, 'null', SHOP, 'https://evil.example'])('from Origin %j is refused', async (origin) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const address = `/isthmus/continue?${query({ to: 'link', return_to: `${SHOP}/`, challenge })}`
    const response = await browser.visit(address, { method: 'POST', headers: { origin } })
    expect(response.status).toBe(403)
    expect(await world.store.keys('ticket/')).toEqual([])
  })

  it.each([{}, { to: 'logout', return_to: `${SHOP}/` }, { to: 'link', return_to: 'https://evil.example/' }])(
    'refuses %j',
    async (fields) => {
      await using world = await createWorld()
      expect((await post(world.agent(), `/isthmus/continue?${query(fields)}`)).status).toBe(400)
    },
  )
})
