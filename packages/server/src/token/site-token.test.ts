import { type SiteState, TOKEN_LIFETIME_MS } from '@isthmus/protocol'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import { describe, expect, it } from 'vitest'
import {
  type Agent,
  CLERK,
  CUSTOMER,
  createWorld,
  HUB,
  NEWS,
  SHOP,
  SHOP_WWW,
  SITES,
  STAFF,
  START,
  type World,
} from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'

const WANTED = { headers: { 'isthmus-token': '1' } }

async function signedIn(world: World, subject = CUSTOMER): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(subject)
  return browser
}

async function tokenOf(agent: Agent, origin: string): Promise<string | undefined> {
  const { state } = await agent.ask('session', origin, WANTED)
  return 'token' in state ? state.token : undefined
}

async function claimsOf(agent: Agent, origin: string): Promise<JWTPayload> {
  return decodeJwt((await tokenOf(agent, origin)) ?? '')
}

async function keysOf(world: World): Promise<JSONWebKeySet> {
  return (await (await world.agent().send('/.well-known/jwks.json')).json()) as JSONWebKeySet
}

describe('the site token', () => {
  it('says who is signed in, by which hub, for which site, and no longer than five minutes', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const { state } = await browser.ask('session', SHOP, WANTED)
    const { sid, token } = state as Extract<SiteState, { access: 'granted' }>
    expect(decodeProtectedHeader(token ?? '')).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: expect.any(String),
      iat_ms: START,
    })
    expect(decodeJwt(token ?? '')).toEqual({
      iss: HUB,
      aud: 'shop',
      sub: 'customer',
      sid,
      iat: START / 1000,
      exp: START / 1000 + 300,
      groups: [],
      name: 'Customer',
      cart: 3,
    })
  })

  it('verifies with the published keys', async () => {
    await using world = await createWorld()
    const token = (await tokenOf(await signedIn(world), SHOP)) ?? ''
    const verified = await jwtVerify(token, createLocalJWKSet(await keysOf(world)), {
      issuer: HUB,
      audience: 'shop',
      algorithms: ['ES256'],
      currentDate: new Date(world.now()),
    })
    expect(verified.payload.sub).toBe('customer')
  })

  it('is for one site: its audience, its claims, its groups', async () => {
    await using world = await createWorld({
      sites: [...SITES, { id: 'club', origins: ['https://club.example'], groups: { anyOf: ['gold', 'silver'] } }],
    })
    const subject = { ...CUSTOMER, groups: ['customers', 'gold', 'staff'] }
    const browser = await signedIn(world, subject)
    const [shop, news, staff, club] = await Promise.all(
      [SHOP, NEWS, STAFF, 'https://club.example'].map((origin) => claimsOf(browser, origin)),
    )
    expect(shop).toMatchObject({ aud: 'shop', groups: [], name: 'Customer', cart: 3 })
    expect(news).toMatchObject({ aud: 'news', groups: [], email: 'customer@mail.example' })
    expect(staff).toMatchObject({ aud: 'staff', groups: ['staff'], name: 'Customer' })
    expect(club).toMatchObject({ aud: 'club', groups: ['gold'] })
    expect(Object.keys(news ?? {})).not.toContain('name')
    expect(Object.keys(club ?? {})).not.toContain('name')
    for (const claims of [shop, news, staff, club]) expect(JSON.stringify(claims)).not.toContain('for nobody')
  })

  it('is given to nobody who did not ask for it', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    for (const wish of ['', '0', 'true', 'yes']) {
      const { state } = await browser.ask('session', SHOP, { headers: { 'isthmus-token': wish } })
      expect(state).not.toHaveProperty('token')
    }
    // A foreign page cannot send the header, and the query is not for the hub page.
    expect((await browser.ask('session', SHOP)).state).not.toHaveProperty('token')
    expect((await browser.embed(SHOP)).answer?.state).not.toHaveProperty('token')
  })

  it('comes with every answer that a page which mirrors can get', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const token = await tokenOf(browser, SHOP)
    const page = await (await browser.send('/isthmus/hub?token=1', { headers: { referer: `${SHOP}/` } })).text()
    expect(page).toContain(token)
    const across = await browser.send('/isthmus/session?token=1', { headers: { origin: SHOP } })
    expect(await across.text()).toContain(token)
    const redeemed = await world.agent().ask('redeem', SHOP, {
      ...WANTED,
      body: JSON.stringify(await world.ticket(browser, `${SHOP}/`)),
    })
    expect(redeemed.state).toHaveProperty('token', token)
    expect((await browser.ask('touch', SHOP, WANTED)).state).toHaveProperty('token')
    const events = await browser.call('events', SHOP, WANTED)
    const reader = events.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"token":"ey')
    await reader?.cancel()
  })

  it('is never given for a user whom the site does not admit, nor for nobody', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    expect((await browser.ask('session', STAFF, WANTED)).state).toEqual({
      status: 'signed-in',
      access: 'denied',
      user: { sub: 'customer' },
      sid: expect.any(String),
      expiresAt: expect.any(Number),
      idleExpiresAt: expect.any(Number),
      revision: expect.any(Number),
    })
    expect(await tokenOf(await signedIn(world, CLERK), STAFF)).toBeDefined()
    expect((await browser.ask('signOut', SHOP, WANTED)).state).not.toHaveProperty('token')
    expect((await world.agent().ask('session', SHOP, WANTED)).state).not.toHaveProperty('token')
  })

  it('never outlives its session', async () => {
    await using world = await createWorld({ idleMs: 120_000 })
    const browser = await signedIn(world)
    expect(await claimsOf(browser, SHOP)).toMatchObject({ exp: START / 1000 + 120 })
    world.pass(60_000)
    await browser.ask('touch', SHOP)
    expect(await claimsOf(browser, SHOP)).toMatchObject({ exp: START / 1000 + 180 })
    world.pass(119_999)
    expect((await browser.ask('session', SHOP, WANTED)).state).toMatchObject({ status: 'signed-in' })
    world.pass(1)
    expect((await browser.ask('session', SHOP, WANTED)).state).toMatchObject({ status: 'signed-out', reason: 'idle' })
  })

  it('keeps its own claims, whatever the user’s are called', async () => {
    const names = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'groups', 'events', 'nonce', '__proto__']
    await using world = await createWorld({
      sites: [{ id: 'shop', origins: [SHOP], claims: names, groups: { anyOf: ['customers'] } }],
    })
    const claims = Object.fromEntries(names.map((name) => [name, ['admin']]))
    const browser = await signedIn(world, { ...CUSTOMER, claims })
    const token = (await tokenOf(browser, SHOP)) ?? ''
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
    expect(Object.entries(payload).filter(([, value]) => JSON.stringify(value).includes('admin'))).toEqual([
      ['__proto__', ['admin']],
    ])
    expect(payload).toMatchObject({ iss: HUB, aud: 'shop', groups: ['customers'], exp: START / 1000 + 300 })
    expect(payload).not.toHaveProperty('nbf')
  })

  it('stays the same until half its life is over, or something changes', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const first = await tokenOf(browser, SHOP)
    world.pass(TOKEN_LIFETIME_MS / 2 - 1)
    expect(await tokenOf(browser, SHOP)).toBe(first)
    expect(await tokenOf(browser, SHOP_WWW)).toBe(first)
    world.pass(1)
    const second = await tokenOf(browser, SHOP)
    expect(second).not.toBe(first)
    expect(decodeJwt(second ?? '').iat).toBe((START + TOKEN_LIFETIME_MS / 2) / 1000)
    world.pass(1000)
    await browser.ask('touch', SHOP)
    expect(decodeJwt((await tokenOf(browser, SHOP)) ?? '').iat).toBe(world.now() / 1000)
  })

  it('has the same claims from every server of a hub, and verifies with the keys of any', async () => {
    const store = memoryStore({ clock: () => START })
    await using one = await createWorld({ store })
    await using other = await createWorld({ store })
    const browser = await signedIn(one)
    const again = other.agent(Object.fromEntries(browser.cookies))
    const [token, sibling] = await Promise.all([tokenOf(browser, SHOP), tokenOf(again, SHOP)])
    expect(decodeJwt(sibling ?? '')).toEqual(decodeJwt(token ?? ''))
    const keys = createLocalJWKSet(await keysOf(other))
    const options = { currentDate: new Date(START) }
    await expect(jwtVerify(token ?? '', keys, options)).resolves.toBeDefined()
    await expect(jwtVerify(sibling ?? '', keys, options)).resolves.toBeDefined()
  })
})

describe('the Domain of the mirror cookie', () => {
  const config = {
    sites: [
      { id: 'shop', origins: [SHOP, SHOP_WWW, 'https://shop.alias.example'], cookieDomains: ['.shop.example'] },
      { id: 'news', origins: [NEWS] },
    ],
  }

  it('is told to pages that mirror, on hosts that the site’s domains cover, whatever their state', async () => {
    await using world = await createWorld(config)
    const browser = await signedIn(world)
    for (const agent of [browser, world.agent()]) {
      for (const origin of [SHOP, SHOP_WWW]) {
        expect(await agent.ask('session', origin, WANTED)).toHaveProperty('cookieDomain', 'shop.example')
        expect(await agent.ask('session', origin)).not.toHaveProperty('cookieDomain')
      }
      for (const origin of ['https://shop.alias.example', NEWS]) {
        expect(await agent.ask('session', origin, WANTED)).not.toHaveProperty('cookieDomain')
      }
    }
  })
})

describe('GET /.well-known/jwks.json', () => {
  it('is public, cacheable and free of secrets', async () => {
    await using world = await createWorld()
    const response = await world.agent().send('/.well-known/jwks.json', { headers: { origin: 'https://any.example' } })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=30',
    })
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    const { keys } = (await response.json()) as JSONWebKeySet
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toHaveProperty('d')
  })
})
