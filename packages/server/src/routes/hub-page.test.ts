import { createHash } from 'node:crypto'
import { originOf } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import {
  type Agent,
  CUSTOMER,
  createWorld,
  HUB,
  inlinedIn,
  NEWS,
  problemOf,
  SHOP,
  SHOP_WWW,
  STAFF,
  START,
  type World,
} from '../hub.test-world.ts'

const PATH = '/isthmus/hub'

async function signedIn(world: World): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  return browser
}

function from(agent: Agent, referer: string, query = ''): Promise<Response> {
  return agent.send(PATH + query, { headers: { referer } })
}

function policyOf(response: Response): Record<string, string> {
  const directives = (response.headers.get('content-security-policy') ?? '').split('; ')
  return Object.fromEntries(directives.map((text) => [text.split(' ', 1)[0], text.split(' ').slice(1).join(' ')]))
}

describe('the state that is inlined', () => {
  it.each([SHOP, SHOP_WWW])('is that of the site which Referer names: %s', async (origin) => {
    await using world = await createWorld()
    const response = await from(await signedIn(world), `${origin}/`)
    expect(response.status).toBe(200)
    const { answer, ...rest } = inlinedIn(await response.text())
    expect(rest).toEqual({
      origin,
      nonce: expect.any(String),
      now: START,
      peers: [NEWS, STAFF].join(' '),
    })
    expect(answer).toMatchObject({
      site: 'shop',
      carrier: 'cookie',
      state: { user: { sub: 'customer', name: 'Customer', cart: 3 } },
    })
  })

  it('holds nothing that another site is registered for', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const pages = await Promise.all(
      [SHOP, NEWS, STAFF].map(async (origin) => (await from(browser, `${origin}/`)).text()),
    )
    expect(pages.map((page) => /customer@mail/.test(page))).toEqual([false, true, false])
    expect(pages.map((page) => /"name":"Customer"/.test(page))).toEqual([true, false, false])
    for (const page of pages) expect(page).not.toMatch(/for nobody|customers|__Host/)
  })

  it('says signed out where nobody is signed in', async () => {
    await using world = await createWorld()
    expect(await world.agent().embed(SHOP)).toMatchObject({
      answer: { site: 'shop', carrier: 'none', state: { status: 'signed-out', reason: 'none' } },
    })
  })

  it('cannot end its element, nor begin another', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    const name = '</script><script>alert(1)</script><!--<script>\u2028$& & "quoted" \\u003c'
    await browser.signIn({ sub: '</SCRIPT>', claims: { name } })
    const page = await (await from(browser, `${SHOP}/`)).text()
    expect(page.match(/<script/g)).toHaveLength(3)
    expect(page.match(/<\/script/gi)).toHaveLength(3)
    expect(page).not.toContain('alert(1)</')
    expect(inlinedIn(page).answer?.state).toMatchObject({ user: { sub: '</SCRIPT>', name } })
  })
})

describe('a Referer', () => {
  it.each([
    `${SHOP}/any/page?with=query`,
    SHOP,
    'https://SHOP.example/',
    'HTTPS://shop.example/',
    'https://shop.example:443/',
  ])('%s is the shop', async (referer) => {
    await using world = await createWorld()
    expect(inlinedIn(await (await from(world.agent(), referer)).text()).origin).toBe(SHOP)
  })

  it('of a name beyond ASCII is compared as browsers write it', async () => {
    const origin = 'https://xn--bcher-kva.example'
    await using world = await createWorld({ sites: [{ id: 'books', origins: [origin] }] })
    for (const referer of [`${origin}/`, 'https://b\u00fccher.example/']) {
      expect(inlinedIn(await (await from(world.agent(), referer)).text()).origin).toBe(origin)
    }
    expect((await from(world.agent(), 'https://bucher.example/')).status).toBe(403)
  })

  it.each([
    'https://evil.example/',
    'https://shop.example.evil/',
    'https://evil-shop.example/',
    'https://sub.shop.example/',
    'https://shop.example@evil/',
    'https://shop.example:pass@evil.example/',
    'https://user@shop.example/',
    'https://shop.example:8443/',
    'http://shop.example/',
    'https://shop.example./',
    'https://xn--shp-uqc.example/',
    'https://evil.example/?https://shop.example/',
    'https://evil.example/#https://shop.example/',
    'https://evil.example/https://shop.example/',
    'https://shop.example,https://evil.example/',
    'https://evil.example/ https://shop.example/',
    'https:\\\\shop.example/',
    'https:shop.example',
    '//shop.example/',
    'shop.example',
    'data:text/html,x',
    'about:blank',
    'blob:https://shop.example/x',
    'null',
    '',
  ])('%j is nobody, and is told nothing of the session', async (referer) => {
    await using world = await createWorld()
    const denied: unknown[] = []
    world.hub.on('denied', (event) => denied.push(event))
    const response = await from(await signedIn(world), referer)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await problemOf(response)).toEqual({
      status: 403,
      error: 'not-registered',
      message: 'This origin is not registered with the hub.',
    })
    // The program is told of an origin only, never of the address of a foreign page.
    expect(denied).toEqual([{ code: 'not-registered', path: PATH, origin: originOf(referer) ?? null }])
  })

  it('cannot speak for another site', async () => {
    await using world = await createWorld()
    expect((await from(await signedIn(world), `${SHOP}/`, '?site=news')).status).toBe(403)
    expect((await from(await signedIn(world), `${SHOP}/`, '?site=shop')).status).toBe(200)
  })
})

describe('without a Referer', () => {
  it('nothing is inlined, and only the origins of the site whose page asks may frame the page', async () => {
    await using world = await createWorld()
    const response = await (await signedIn(world)).send(`${PATH}?origin=${SHOP}`)
    expect(policyOf(response)['frame-ancestors']).toBe([SHOP, SHOP_WWW].join(' '))
    const page = await response.text()
    expect(inlinedIn(page)).toEqual({ nonce: expect.any(String), now: START, peers: '' })
    expect(page).toBe(await (await world.agent().send(`${PATH}?origin=${SHOP}`)).text())
    expect(response.headers.getSetCookie()).toEqual([])
  })

  // Regression: 300 sites made a header of 12 kB, which told everyone the origins of all.
  it('page and headers do not grow with the number of sites', async () => {
    const sizes = [3, 300].map(async (count) => {
      const sites = Array.from({ length: count }, (_, n) => ({ id: `s${n}`, origins: [`https://s${n}.example`] }))
      await using world = await createWorld({ sites })
      const response = await world.agent().send(`${PATH}?origin=https://s0.example`)
      return JSON.stringify([...response.headers]).length + (await response.text()).length
    })
    const [few, many] = await Promise.all(sizes)
    expect(many).toBe(few)
  })

  // Regression: a privacy extension that names the hub itself as Referer got a 403 for ever.
  it('and with the hub’s own in its place, it is the same page', async () => {
    await using world = await createWorld()
    const response = await from(await signedIn(world), `${HUB}/isthmus/hub`, `?origin=${SHOP}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(await (await world.agent().send(`${PATH}?origin=${SHOP}`)).text())
  })

  it('only the origins of the named site may', async () => {
    await using world = await createWorld()
    const response = await world.agent().send(`${PATH}?site=news`)
    expect(policyOf(response)['frame-ancestors']).toBe(NEWS)
    expect((await world.agent().send(`${PATH}?site=nobody`)).status).toBe(403)
    expect((await world.agent().send(`${PATH}?site=news&origin=${SHOP}`)).status).toBe(403)
  })

  // A list of all of them told internal hosts to anybody, and a header of 300 sites was more than proxies let through.
  it.each(['', '?origin=', '?origin=https://evil.example', '?origin=null'])('%j learns of no site', async (query) => {
    await using world = await createWorld()
    const response = await world.agent().send(PATH + query)
    expect(response.status).toBe(403)
    expect(JSON.stringify([...response.headers]) + (await response.text())).not.toMatch(/(?:shop|news|staff)\.example/)
  })
})

describe('the headers', () => {
  it.each(['', '?button=1'])(
    'let exactly the page’s own scripts and style in, and exactly this site frame it: %s',
    async (query) => {
      await using world = await createWorld()
      const response = await from(await signedIn(world), `${SHOP}/`, query)
      const policy = policyOf(response)
      const document = await response.text()
      const script = /<script>([\s\S]*)<\/script>/.exec(document)?.[1] ?? ''
      const style = /<style>([\s\S]*)<\/style>/.exec(document)?.[1]
      expect(script.length).toBeGreaterThan(300)
      expect(style !== undefined).toBe(query !== '')
      const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
      expect(policy).toEqual({
        'default-src': "'none'",
        'script-src': `${hashOf(script)} ${HUB}/isthmus/assets/`,
        ...(style !== undefined && { 'style-src': hashOf(style) }),
        'worker-src': `${HUB}/isthmus/assets/`,
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'require-trusted-types-for': "'script'",
        'trusted-types': 'isthmus',
        'frame-ancestors': `${SHOP} ${SHOP_WWW}`,
      })
      expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https:(?!\/\/)/)
    },
  )

  it('stay below two kilobytes together with the compressed page', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const headers = { referer: `${SHOP}/`, 'accept-encoding': 'gzip, deflate, br, zstd' }
    const response = await browser.send(PATH, { headers })
    expect(response.headers.get('content-encoding')).toBe('br')
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
    expect(head.length + (await response.arrayBuffer()).byteLength).toBeLessThan(2000)
  })

  it('keep the page out of every cache, and let it into pages under COEP', async () => {
    await using world = await createWorld()
    const { headers } = await from(world.agent(), `${SHOP}/`)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      vary: 'Referer, Cookie, Sec-Fetch-Storage-Access, Accept-Encoding',
    })
    expect(headers.get('x-frame-options')).toBeNull()
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})
