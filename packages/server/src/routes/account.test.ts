import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, HUB, NEWS, SHOP, STAFF, type World } from '../hub.test-world.ts'
import { sha256Source } from '../responses/content-hash.ts'

const PATH = '/isthmus/account'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0'

async function signedIn(world: World, subject = CUSTOMER): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(subject)
  return browser
}

const pairOf = (cookie: string): string[] => (cookie.split(';')[0] ?? '').split('=')
const end = (browser: Agent, what: string, headers: Record<string, string | undefined> = { origin: HUB }) =>
  browser.visit(PATH, { method: 'POST', headers, body: new URLSearchParams({ end: what }).toString() })

const pageOf = async (browser: Agent): Promise<string> => (await browser.visit(PATH)).text()
const sidsOn = (page: string): string[] => [...page.matchAll(/value="([\w-]{22})"/g)].map(([, sid]) => sid ?? '')
const reasonOf = async (browser: Agent): Promise<unknown> => (await browser.ask('session', SHOP)).state

describe('the account', () => {
  it('shows the own sessions, this one first, and nobody else’s', async () => {
    await using world = await createWorld()
    const laptop = await signedIn(world)
    const phone = await signedIn(world)
    await signedIn(world, CLERK)
    const response = await laptop.visit(PATH)
    expect(response.status).toBe(200)
    const page = await response.text()
    const own = (await world.hub.sessions.list('customer')).map(({ sid }) => sid)
    const current = (await world.hub.sessions.current(laptop.request('/')))?.sid
    expect(sidsOn(page)).toHaveLength(2)
    expect(sidsOn(page)[0]).toBe(current)
    expect([...sidsOn(page)].sort()).toEqual([...own].sort())
    expect(page).toContain('Customer')
    expect(page).not.toContain('Clerk')
    expect(page).not.toContain(laptop.cookies.get('__Host-isthmus'))
    expect(page).not.toContain(phone.cookies.get('__Host-isthmus'))
  })

  it('is for nobody else: one script by its hash, no frames, no caches', async () => {
    await using world = await createWorld()
    const response = await (await signedIn(world)).visit(PATH)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]) {
      expect(policy.split('; ')).toContain(rule)
    }
    expect(policy).not.toContain('unsafe')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    const page = await response.text()
    const [script, ...more] = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text ?? '')
    expect(more).toEqual([])
    expect(policy).toContain(`script-src ${sha256Source(script ?? '')}`)
    expect(page).not.toMatch(/style="| on\w+="/)
  })

  it('tells device, network, times and sites, as coarse as they are kept', async () => {
    await using world = await createWorld({
      sites: [
        { id: 'shop', name: 'The <Shop>', origins: [SHOP] },
        { id: 'news', origins: [NEWS] },
      ],
    })
    const cookies = await world.hub.signIn({ headers: { 'user-agent': FIREFOX }, url: '/', ip: '198.41.0.4' }, CUSTOMER)
    const browser = world.agent(Object.fromEntries(cookies.cookies.map(pairOf)))
    world.pass(3 * 3_600_000 - 3 * 3_600_000 + 10 * 60_000)
    await browser.ask('touch', SHOP)
    world.pass(15 * 60_000)
    await browser.ask('session', NEWS)
    const page = await pageOf(browser)
    expect(page).toContain('Firefox on Windows')
    expect(page).toContain('198.41.x.x')
    expect(page).not.toContain('198.41.0')
    expect(page).toContain('>25 minutes ago</time>')
    expect(page).toContain('The &lt;Shop&gt; <span class="quiet"><time')
    expect(page).toContain('>15 minutes ago</time>')
    expect(page).toMatch(/news <span class="quiet"><time[^>]*>just now</)
    const stored = await world.dump()
    for (const detail of ['198.41.0.4', '143', 'Mozilla', 'rv:']) expect(stored).not.toContain(detail)
  })

  it('keeps the place that the program names, and goes on without one if that fails', async () => {
    let place: () => string | undefined = () => 'Lisbon'
    await using world = await createWorld({ placeOf: () => place() })
    const errors: unknown[] = []
    world.hub.on('error', (event) => errors.push(event))
    expect(await pageOf(await signedIn(world, { sub: 'a' }))).toContain('<dd>Lisbon</dd>')
    place = () => undefined
    expect(await pageOf(await signedIn(world, { sub: 'b' }))).not.toContain('<dt>From</dt>')
    place = () => {
      throw new Error('no database')
    }
    expect(await pageOf(await signedIn(world, { sub: 'c' }))).not.toContain('<dt>From</dt>')
    expect(errors).toMatchObject([{ path: 'placeOf' }])
  })

  it('takes no markup from anybody', async () => {
    const evil = '"><img src=x onerror=alert(1)>'
    await using world = await createWorld({ placeOf: () => evil })
    const { cookies } = await world.hub.signIn(
      { headers: { 'user-agent': `${evil}/1 (x) y` }, url: '/' },
      { sub: evil, claims: { name: evil } },
    )
    expect(await pageOf(world.agent(Object.fromEntries(cookies.map(pairOf))))).not.toContain('<img')
  })

  it('of nobody leads to the login page, and back', async () => {
    await using world = await createWorld()
    for (const ask of [(browser: Agent) => browser.visit(PATH), (browser: Agent) => end(browser, 'others')]) {
      const browser = world.agent()
      const response = await ask(browser)
      expect(response.status).toBe(303)
      const address = response.headers.get('location') ?? ''
      expect(address).toMatch(/^\/login\?isthmus=[a-z2-7]{26}$/)
      expect(await browser.follow((await browser.signIn(CUSTOMER, address)).redirectTo)).toBe(PATH)
    }
  })
})

describe('POST /account', () => {
  it('ends one other session, and comes back', async () => {
    await using world = await createWorld()
    const [laptop, phone, tablet] = [await signedIn(world), await signedIn(world), await signedIn(world)]
    const sid = (await world.hub.sessions.current(phone.request('/')))?.sid ?? ''
    const told: unknown[] = []
    world.hub.on('sign-out', (event) => told.push(event))
    const response = await end(laptop, sid)
    expect([response.status, response.headers.get('location')]).toEqual([303, PATH])
    expect(await reasonOf(phone)).toMatchObject({ status: 'signed-out', reason: 'revoked' })
    for (const browser of [laptop, tablet]) expect(await reasonOf(browser)).toMatchObject({ status: 'signed-in' })
    expect(told).toEqual([{ sid, sub: 'customer', reason: 'revoked' }])
    // Once more, from a page that was left open.
    expect((await end(laptop, sid)).status).toBe(303)
    expect(told).toHaveLength(1)
  })

  it('ends all others', async () => {
    await using world = await createWorld()
    const [laptop, phone, tablet] = [await signedIn(world), await signedIn(world), await signedIn(world)]
    const clerk = await signedIn(world, CLERK)
    await end(laptop, 'others')
    for (const browser of [phone, tablet]) expect(await reasonOf(browser)).toMatchObject({ reason: 'revoked' })
    for (const browser of [laptop, clerk]) expect(await reasonOf(browser)).toMatchObject({ status: 'signed-in' })
    expect(await pageOf(laptop)).toContain('You are signed in nowhere else.')
  })

  it('ends this session, and leads to the signed-out page', async () => {
    await using world = await createWorld()
    const laptop = await signedIn(world)
    const sid = (await world.hub.sessions.current(laptop.request('/')))?.sid ?? ''
    const response = await end(laptop, sid)
    expect(response.headers.get('location')).toBe('/isthmus/signed-out')
    expect(await reasonOf(laptop)).toMatchObject({ status: 'signed-out', reason: 'logout' })
  })

  it('ends nothing of anybody else', async () => {
    await using world = await createWorld()
    const [attacker, victim] = [await signedIn(world, CLERK), await signedIn(world)]
    const sid = (await world.hub.sessions.current(victim.request('/')))?.sid ?? ''
    expect((await end(attacker, sid)).status).toBe(303)
    await end(attacker, 'others')
    expect(await reasonOf(victim)).toMatchObject({ status: 'signed-in' })
  })

  it.each([undefined, '', 'null', SHOP, STAFF, 'https://evil.example', `${HUB}.evil`, `${HUB}:8443`])(
    'from Origin %j is refused',
    async (origin) => {
      await using world = await createWorld()
      const [laptop, phone] = [await signedIn(world), await signedIn(world)]
      const response = await end(laptop, 'others', { origin, referer: `${HUB}${PATH}` })
      expect(response.status).toBe(403)
      expect(await response.text()).toContain('<code>origin-refused</code>')
      expect(await reasonOf(phone)).toMatchObject({ status: 'signed-in' })
    },
  )

  it('without a word on what to end, or with too many, is refused', async () => {
    await using world = await createWorld()
    const laptop = await signedIn(world)
    for (const body of ['', 'x=1', '{"end":"others"}', `end=${'x'.repeat(10_000)}`]) {
      const response = await laptop.visit(PATH, { method: 'POST', headers: { origin: HUB }, body })
      expect(response.status).toBe(400)
    }
  })
})
