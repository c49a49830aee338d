import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, NEWS, SHOP, type World } from '../hub.test-world.ts'

const PATH = '/isthmus/logout'
const from = (referer: string): { headers: Record<string, string> } => ({ headers: { referer } })
const backTo = (url: string): string => `${PATH}?return_to=${encodeURIComponent(url)}`

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

const statusOf = async (browser: Agent): Promise<string> => (await browser.ask('session', SHOP)).state.status

async function expectPage(response: Response, title: string): Promise<string> {
  expect(response.status).toBe(200)
  expect(response.headers.get('location')).toBeNull()
  expect(response.headers.get('cache-control')).toBe('no-store')
  const page = await response.text()
  expect(page).toContain(`<h1>${title}</h1>`)
  expect(page).not.toContain('<script')
  return page
}

/** Led to the common page, which says so. */
async function expectGoodbye(browser: Agent, response: Response, query = ''): Promise<string> {
  expect(response.status).toBe(303)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('location')).toBe(`/isthmus/signed-out${query}`)
  return expectPage(await browser.visit(`/isthmus/signed-out${query}`), GOODBYE)
}

const QUESTION = 'Sign out everywhere?'
const GOODBYE = 'You are signed out'

describe('a navigation from a registered site', () => {
  it.each([
    [`${SHOP}/`, '?site=shop'],
    [`${NEWS}/an/article`, '?site=news'],
  ])('from %s ends the session', async (referer, query) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    await expectGoodbye(browser, await browser.visit(PATH, from(referer)), query)
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-out', reason: 'logout' } })
  })

  it('leads back to a registered page, which need not be the one it came from', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const response = await browser.visit(backTo(`${NEWS}/bye?\u65e5#top`), from(`${SHOP}/`))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`${NEWS}/bye?%E6%97%A5#top`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await statusOf(browser)).toBe('signed-out')
  })

  it('does no harm where nobody is signed in', async () => {
    await using world = await createWorld()
    const stranger = world.agent()
    await expectGoodbye(stranger, await stranger.visit(PATH, from(`${SHOP}/`)), '?site=shop')
    const response = await world.agent().visit(backTo(`${SHOP}/`), from(`${SHOP}/`))
    expect(response.headers.get('location')).toBe(`${SHOP}/`)
  })
})

describe('anything else that asks by GET', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['a link on a foreign page', { referer: 'https://evil.example/' }],
    ['a link on a page that looks like the shop', { referer: 'https://shop.example.evil/' }],
    ['a link on a page with a name before the @', { referer: 'https://shop.example@evil.example/' }],
    ['a link on a page that hides itself', { referer: undefined }],
    ['an empty Referer', { referer: '' }],
    // Extensions that protect privacy name the target itself.
    ['a Referer that is the hub’s own', { referer: `${HUB}/` }],
    ['an image on the shop', { referer: `${SHOP}/`, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame on the shop', { referer: `${SHOP}/`, 'sec-fetch-dest': 'iframe' }],
    ['a script on the shop', { referer: `${SHOP}/`, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    [
      'a program without Sec-Fetch headers',
      { referer: `${SHOP}/`, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined },
    ],
  ])('%s sees a question, and ends nothing', async (_, headers) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const page = await expectPage(await browser.visit(PATH, { headers }), QUESTION)
    expect(page).toContain('<form method="post" action="/isthmus/logout">')
    expect(await statusOf(browser)).toBe('signed-in')
  })

  it('remembers where to go after the answer', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const response = await browser.visit(`${backTo(`${SHOP}/?a="b"&c=<d>`)}&site=shop`)
    expect(response.headers.get('content-security-policy')).toContain("form-action 'self';")
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(response.headers.get('referrer-policy')).toBe('same-origin')
    const page = await expectPage(response, QUESTION)
    const action = (/action="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&')
    const answer = await browser.send(action, { method: 'POST', headers: { origin: HUB } })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain(`content="0;url=${SHOP}/?a=%22b%22&amp;c=%3Cd%3E"`)
    expect(await statusOf(browser)).toBe('signed-out')
  })
})

it('a prefetch, from whatever page, ends nothing and is made again when its user goes there', async () => {
  await using world = await createWorld()
  const browser = await signedIn(world)
  for (const name of ['sec-purpose', 'purpose', 'x-moz']) {
    const response = await browser.visit(PATH, { headers: { referer: `${SHOP}/`, [name]: 'prefetch' } })
    expect([response.status, response.headers.get('cache-control')]).toEqual([503, 'no-store'])
    expect(await statusOf(browser)).toBe('signed-in')
  }
})

describe('POST /logout', () => {
  it('on the hub’s own page ends the session', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    await expectGoodbye(browser, await browser.visit(PATH, { method: 'POST', headers: { origin: HUB } }))
    expect(await statusOf(browser)).toBe('signed-out')
  })

  it.each([undefined, '', 'null', SHOP, 'https://evil.example', `${HUB}.evil`, `${HUB}:8443`])(
    'from Origin %j is refused',
    async (origin) => {
      await using world = await createWorld()
      const browser = await signedIn(world)
      const response = await browser.visit(PATH, { method: 'POST', headers: { origin, referer: `${SHOP}/` } })
      expect(response.status).toBe(403)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.text()).toContain('<code>origin-refused</code>')
      expect(await statusOf(browser)).toBe('signed-in')
    },
  )
})

describe('the way back', () => {
  it.each([
    'https://evil.example/',
    'https://shop.example.evil/',
    'https://shop.example@evil.example/',
    'https://shop.example:8443/',
    'http://shop.example/',
    '//evil.example/',
    '/\\evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://shop.example/\r\nSet-Cookie: a=b',
    'https://shop.example\\@evil.example/',
  ])('is never %j, and nothing ends', async (url) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const response of [
      await browser.visit(backTo(url), from(`${SHOP}/`)),
      await browser.visit(backTo(url)),
      await browser.visit(backTo(url), { method: 'POST', headers: { origin: HUB } }),
    ]) {
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.text()).toContain('<code>return-to-refused</code>')
    }
    expect(await statusOf(browser)).toBe('signed-in')
  })
})
