import type { Tab } from '@isthmus/testing'
import express, { type RequestHandler } from 'express'
import { PATIENCE } from '../patience.ts'
import { USERS } from '../users.ts'
import type { World } from '../world.ts'
import { fillIn, shows, signIn, signInAtHub } from './acts.ts'
import { expect, test } from './fixtures.ts'

// The attacker's own: whoever begins a visit with it can redeem what comes back.
const challenge = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM'

/** The shop has what many sites have: an address that redirects to any other. */
const redirector: RequestHandler = (request, response, next) => {
  if (request.path === '/out') response.redirect(302, String(request.query.to))
  else next()
}

/** A visit whose ticket the shop's redirector would hand on: browsers keep the fragment over redirects. */
function trap(world: World, path: 'link' | 'login'): string {
  const returnTo = world.url('shop', `/out?to=${encodeURIComponent(world.url('evil', '/caught'))}`)
  return world.url('hub', `/isthmus/${path}?${new URLSearchParams({ return_to: returnTo, challenge, prompt: 'none' })}`)
}

/** Leads a tab somewhere by a link on its page, as a page does that wants to be seen to have done it. */
async function lead(tab: Tab, address: string, policy = ''): Promise<void> {
  const click = `Object.assign(document.createElement('a'), { href: ${JSON.stringify(address)}, referrerPolicy: '${policy}' }).click()`
  await tab.evaluate(`void setTimeout(() => ${click})`).catch(() => undefined)
}

const headline = (tab: Tab): Promise<string> => tab.text('h1')

/** What the attacker's page was opened with. */
function caught(world: World): string[] {
  return world.hosts.requests
    .filter(({ host, path }) => host === world.names.evil && path.startsWith('/caught'))
    .map(({ path }) => path)
}

test.describe('a stranger who begins a visit gets no ticket', () => {
  test.beforeEach(({ world }) => world.serve('shop', { backEnd: redirector }))

  for (const [how, path, policy, byShop] of [
    ['a link', 'link', '', false],
    ['a link that hides its page', 'link', 'no-referrer', false],
    ['the login page', 'login', '', false],
    ["the shop's own redirector", 'link', '', true],
  ] as const) {
    test(`by ${how}`, async ({ world, open, userBrowser }) => {
      await signInAtHub(await userBrowser.newTab(), world, 'customer')
      const evil = await open(world.url('evil'))
      const to = trap(world, path)
      await lead(evil, byShop ? world.url('shop', `/out?to=${encodeURIComponent(to)}`) : to, policy)
      await expect.poll(() => headline(evil), PATIENCE).toMatch(/^Continue to shop-\d+\.localhost:\d+\?$/)
      expect(await evil.evaluate('location.host')).toBe(new URL(world.url('hub')).host)
      expect(caught(world)).toEqual([])
    })
  }

  test('by a sign-in that the attacker began and the victim completes', async ({ world, open, userBrowser }) => {
    const begun = await fetchLogin(world)
    const tab = await open(world.url('evil'))
    await lead(tab, begun)
    await fillIn(tab, 'customer')
    await expect.poll(() => headline(tab), PATIENCE).toBe('Auth domain')
    expect(caught(world)).toEqual([])
    const shop = await userBrowser.newTab()
    await shop.goto(world.url('shop', '/'))
    await shows(shop, 'signed in: The customer')
  })

  test('though the trap is a real one: a link planted on a page of the shop itself counts as the shop (SECURITY.md, known limits)', async ({
    world,
    open,
    userBrowser,
  }) => {
    await signInAtHub(await userBrowser.newTab(), world, 'customer')
    const shop = await open(world.url('shop'))
    await shows(shop, 'signed in: The customer')
    await lead(shop, trap(world, 'link'))
    await shop.waitFor("location.pathname === '/caught'", { timeoutMs: PATIENCE.timeout })
    expect(caught(world)).toHaveLength(1)
  })

  /** The attacker begins in a browser of their own, with headers of their choice. */
  async function fetchLogin(world: World): Promise<string> {
    const headers = { referer: world.url('shop') }
    const answer = await world.hub.fetch(new Request(trap(world, 'login').replace('none', 'login'), { headers }))
    return world.url('hub', answer.headers.get('location') ?? '')
  }
})

test('a visit that another page began goes on with a click', async ({ world, open, userBrowser }) => {
  await signInAtHub(await userBrowser.newTab(), world, 'customer')
  const tab = await open(world.url('evil'))
  await lead(
    tab,
    world.url('hub', `/isthmus/link?${new URLSearchParams({ return_to: world.url('shop', '/cart?a=b') })}`),
  )
  await expect.poll(() => headline(tab), PATIENCE).toMatch(/^Continue to shop/)
  await tab.click('text=Continue')
  await tab.waitFor("location.pathname === '/cart'", { timeoutMs: PATIENCE.timeout })
  await shows(tab, 'signed in: The customer')
})

test('a link to the own sessions on a foreign page leads there, past a page that says the same to everybody', async ({
  world,
  open,
  userBrowser,
}) => {
  await signInAtHub(await userBrowser.newTab(), world, 'customer')
  const tab = await open(world.url('evil'))
  await lead(tab, world.url('hub', '/isthmus/account'))
  await expect.poll(() => headline(tab), PATIENCE).toBe('Your sessions')
  const visits = world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/account'))
  expect(visits.map(({ headers }) => headers['sec-fetch-site'])).toEqual(['cross-site', 'same-origin'])
})

test('what a page loads, frames or fetches ahead from the hub ends no session', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const logout = world.url('hub', '/isthmus/logout')
  const asked = (): number => world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/logout')).length
  await shop.evaluate(`void (() => {
    for (const [tag, attributes] of Object.entries({
      link: { rel: 'prefetch', href: '${logout}?1' }, img: { src: '${logout}?2' }, iframe: { src: '${logout}?3' },
    })) document.body.append(Object.assign(document.createElement(tag), attributes))
    void fetch('${logout}?4', { mode: 'no-cors', credentials: 'include' }).catch(() => undefined)
  })()`)
  await expect.poll(asked, PATIENCE).toBeGreaterThanOrEqual(3)
  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed in: The customer')
})

test.describe('after the password', () => {
  /** The login page of a program, with a policy and a form of its own. */
  const loginPage = (form: string, policy?: string): RequestHandler =>
    express().get('/login', (_, response) => {
      if (policy) response.set('Content-Security-Policy', policy)
      response.send(
        `<!doctype html><title>Sign in</title><form method="post" ${form}><input name="user" aria-label="User"><button>Sign in</button></form>`,
      )
    })

  test("goes back to the site, though the login page's policy is form-action 'self'", async ({ world, open }) => {
    world.interceptHub(loginPage('', "default-src 'self'; form-action 'self'"))
    const shop = await open(world.url('shop', '/cart?a=b#c'))
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    expect(await shop.evaluate('location.href')).toBe(world.url('shop', '/cart?a=b#c'))
  })

  test('two tabs at the login page go back to their own sites, though its form drops the query', async ({
    world,
    open,
  }) => {
    world.interceptHub(loginPage('action="/login"'))
    const tabs = { shop: await open(world.url('shop')), news: await open(world.url('news')) }
    for (const tab of Object.values(tabs)) {
      await shows(tab, /signed-out/)
      await tab.evaluate('void session.signIn()').catch(() => undefined)
      await tab.waitFor("location.pathname === '/login'", { timeoutMs: PATIENCE.timeout })
    }
    await fillIn(tabs.shop, 'customer')
    await shows(tabs.shop, 'signed in: The customer')
    expect(await tabs.shop.evaluate('location.host')).toBe(new URL(world.url('shop')).host)
    await fillIn(tabs.news, 'reader')
    await shows(tabs.news, 'signed in: The reader')
    expect(await tabs.news.evaluate('location.host')).toBe(new URL(world.url('news')).host)
  })

  test('a provider answers by a form of its own', async ({ world, open }) => {
    const login = express()
    login.get('/login', (request, response) => {
      response.redirect(`${world.url('evil', '/provider')}?state=${request.query.isthmus}`)
    })
    login.post('/callback', express.urlencoded({ extended: false }), async (request, response) => {
      const user = USERS.customer
      if (!user) throw new Error('No user.')
      const { cookies, redirectTo } = await world.hub.signIn(request, user, { pending: String(request.body.state) })
      response.append('Set-Cookie', cookies)
      response.redirect(303, redirectTo)
    })
    world.interceptHub(login)
    world.serve('evil', {
      backEnd: express().get('/provider', (request, response) => {
        response.send(`<!doctype html><title>Provider</title><form method="post" action="${world.url('hub', '/callback')}">
          <input type="hidden" name="state" value="${request.query.state}"><button>Sign in</button></form>`)
      }),
    })
    const shop = await open(world.url('shop', '/cart'))
    await shows(shop, /signed-out/)
    await shop.evaluate('void session.signIn()').catch(() => undefined)
    await shop.waitFor("location.pathname === '/provider'", { timeoutMs: PATIENCE.timeout })
    await shop.click('text=Sign in')
    await shop.waitFor("location.pathname === '/cart'", { timeoutMs: PATIENCE.timeout })
    await shows(shop, 'signed in: The customer')
  })
})
