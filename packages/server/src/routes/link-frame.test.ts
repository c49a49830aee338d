import { describe, expect, it } from 'vitest'
import { CLERK, CUSTOMER, createWorld, NEWS, problemOf, SHOP } from '../hub.test-world.ts'

describe('POST /link, from a frame that the browser gave access to the hub’s own cookie', () => {
  it('gives its partition a carrier of its own, for this site alone', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    expect(await browser.ask('linkFrame', SHOP)).toMatchObject({
      site: 'shop',
      carrier: 'partitioned',
      state: { status: 'signed-in', user: { sub: 'customer' } },
    })
    const secret = browser.cookies.get('__Host-isthmus-shop') ?? ''
    const partition = world.agent({ '__Host-isthmus-shop': secret })
    expect(await partition.ask('session', SHOP)).toMatchObject({
      carrier: 'partitioned',
      state: { status: 'signed-in' },
    })
    const other = world.agent({ '__Host-isthmus-news': secret })
    expect(await other.ask('session', NEWS)).toMatchObject({ carrier: 'none', state: { status: 'signed-out' } })
  })

  it('gives nothing without that cookie, not even to a partition that is linked', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    for (const frame of [world.agent(), await world.link(browser, SHOP)]) {
      const response = await frame.call('linkFrame', SHOP)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(await problemOf(response)).toMatchObject({ error: 'no-session', status: 401 })
    }
  })

  it('ends the session of somebody else whom the partition showed before', async () => {
    await using world = await createWorld()
    const former = world.agent()
    await former.signIn(CUSTOMER)
    const partition = await world.link(former, SHOP)
    const browser = world.agent(Object.fromEntries(partition.cookies))
    await browser.signIn(CLERK)
    expect(await browser.ask('linkFrame', SHOP)).toMatchObject({ state: { user: { sub: CLERK.sub } } })
    expect(await former.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-out', reason: 'logout' } })
  })
})

describe('the hub page, where the user gave access before', () => {
  it.each([
    ['inactive', SHOP, `retry; allowed-origin="${SHOP}"`],
    ['active', SHOP, 'load'],
    ['none', SHOP, null],
    ['strange', SHOP, null],
    ['inactive', undefined, null],
  ])('is told %s by the browser, for %s, and answers %s', async (access, origin, expected) => {
    await using world = await createWorld()
    const headers = { 'sec-fetch-storage-access': access, referer: origin && `${origin}/` }
    const response = await world.agent().send(`/isthmus/hub?origin=${SHOP}`, { headers })
    expect(response.headers.get('activate-storage-access')).toBe(expected)
    expect(response.headers.get('vary')).toContain('Sec-Fetch-Storage-Access')
  })

  it('is activated for no origin that is not registered', async () => {
    await using world = await createWorld()
    const headers = { 'sec-fetch-storage-access': 'inactive', referer: 'https://evil.example/' }
    const response = await world.agent().send('/isthmus/hub', { headers })
    expect(response.status).toBe(403)
    expect(response.headers.get('activate-storage-access')).toBeNull()
  })
})
