import { registeredVisitSchema, VISIT_LIFETIME_MS } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { CUSTOMER, createWorld, HUB, NEWS, problemOf, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const challenge = sha256(createSecret())
const TICKET = /#isthmus=[\w-]{43}$/

function post(world: World, origin: string, visit: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return world.agent().call('registerVisit', origin, { body: JSON.stringify(visit), headers })
}

async function register(world: World, origin: string, visit: unknown): Promise<string> {
  return registeredVisitSchema.parse(await (await post(world, origin, visit)).json()).visit
}

describe('POST /visits', () => {
  it('gives a short id, and the visit leads back to where it said, once', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const visit = await register(world, SHOP, { to: 'link', returnTo: `${SHOP}/a?b=\\c`, challenge })
    const address = `/isthmus/link?visit=${visit}`
    const first = await browser.visit(address, { headers: { referer: `${SHOP}/` } })
    const location = first.headers.get('location') ?? ''
    expect(location).toMatch(TICKET)
    expect(location.split('#')[0]).toBe(`${SHOP}/a?b=%5Cc`)
    const second = await browser.visit(address, { headers: { referer: `${SHOP}/` } })
    expect(second.status).toBe(410)
    expect(await second.text()).toContain('<code>visit-unknown</code>')
  })

  it('keeps a visit for a while only', async () => {
    await using world = await createWorld()
    const visit = await register(world, SHOP, { to: 'link', returnTo: `${SHOP}/`, challenge })
    world.pass(VISIT_LIFETIME_MS)
    const late = await world.agent().visit(`/isthmus/link?visit=${visit}`, { headers: { referer: `${SHOP}/` } })
    expect(late.status).toBe(410)
  })

  it.each([
    ['return-to-refused', 400, { to: 'link', returnTo: `${NEWS}/`, challenge }],
    ['return-to-refused', 400, { to: 'link', returnTo: 'https://evil.example/', challenge }],
    ['return-to-refused', 400, { to: 'link', returnTo: '/local', challenge }],
    ['return-to-refused', 400, { to: 'link', returnTo: `${SHOP}/${'\u0438'.repeat(700)}`, challenge }],
    ['invalid-request', 400, { to: 'link', returnTo: `${SHOP}/${'x'.repeat(4096)}`, challenge }],
    ['invalid-request', 400, { to: 'logout', returnTo: `${SHOP}/`, challenge }],
    ['invalid-request', 400, { to: 'link', returnTo: `${SHOP}/` }],
    ['invalid-request', 400, { to: 'link', returnTo: `${SHOP}/`, challenge, prompt: 'none' }],
    ['invalid-request', 400, undefined],
  ])('answers %s to what it would refuse later', async (error, status, visit) => {
    await using world = await createWorld()
    expect(await problemOf(await post(world, SHOP, visit))).toMatchObject({ error, status })
    expect(await world.store.keys('visit/')).toEqual([])
  })

  it('is asked by the hub page alone, for a registered page', async () => {
    await using world = await createWorld()
    const visit = { to: 'link', returnTo: `${SHOP}/`, challenge }
    expect(await problemOf(await post(world, 'https://evil.example', visit))).toMatchObject({ error: 'not-registered' })
    expect(await problemOf(await post(world, SHOP, visit, { origin: SHOP }))).toMatchObject({ error: 'origin-refused' })
    expect(await problemOf(await post(world, SHOP, visit, { 'isthmus-site': 'news' }))).toMatchObject({
      error: 'not-registered',
    })
    expect((await post(world, SHOP, visit, { origin: HUB })).status).toBe(200)
  })
})
