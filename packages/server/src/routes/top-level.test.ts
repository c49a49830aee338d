import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, NEWS, navigationFrom, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const EVIL = 'https://evil.example'
const challenge = sha256(createSecret())
const visit = new URLSearchParams({ return_to: `${SHOP}/out?to=${EVIL}/`, challenge }).toString()

/** Every address that a user is led to, and what a stranger finds there. */
const ADDRESSES = {
  link: `/isthmus/link?${visit}`,
  'silent link': `/isthmus/link?${visit}&prompt=none`,
  login: `/isthmus/login?${visit}`,
  'login anew': `/isthmus/login?${visit}&prompt=login`,
  'bare login': '/isthmus/login',
  logout: '/isthmus/logout',
  'logout and back': `/isthmus/logout?return_to=${SHOP}/`,
  'signed out': '/isthmus/signed-out?site=shop',
  account: '/isthmus/account',
  continue: '/isthmus/continue?pending=aaaaaaaaaaaaaaaaaaaaaaaaaa',
}

const resource = (dest: string, mode = 'no-cors') => ({ 'sec-fetch-dest': dest, 'sec-fetch-mode': mode })
const INITIATORS: Record<string, Record<string, string>> = {
  'own site': { ...navigationFrom(`${SHOP}/`), referer: `${SHOP}/` },
  'other site': { ...navigationFrom(`${NEWS}/`), referer: `${NEWS}/` },
  stranger: { ...navigationFrom(`${EVIL}/`), referer: `${EVIL}/` },
  'stranger without Referer': navigationFrom(`${EVIL}/`),
  'Referer that is the hub': { ...navigationFrom(`${EVIL}/`), referer: `${HUB}/` },
  none: navigationFrom(),
  'frame of the site': { ...navigationFrom(`${SHOP}/`), referer: `${SHOP}/`, 'sec-fetch-dest': 'iframe' },
  'image of the site': { referer: `${SHOP}/`, 'sec-fetch-site': 'cross-site', ...resource('image') },
  'fetch of the site': { referer: `${SHOP}/`, 'sec-fetch-site': 'cross-site', ...resource('empty', 'cors') },
  'prefetch of the site': { ...navigationFrom(`${SHOP}/`), referer: `${SHOP}/`, 'sec-purpose': 'prefetch' },
}

/** One browser each: signed in, signed out, a guest, and one whose session the hub has forgotten. */
async function browsersOf(world: World): Promise<Record<string, Agent>> {
  const [signedIn, signedOut, guest] = [world.agent(), world.agent(), world.agent()]
  await signedIn.signIn(CUSTOMER)
  await signedOut.signIn(CUSTOMER)
  await signedOut.ask('signOut', SHOP)
  await world.link(guest, SHOP)
  const gone = { '__Host-isthmus': createSecret(), '__Host-isthmus.session': createSecret() }
  return { 'signed in': signedIn, 'signed out': signedOut, guest, gone: world.agent(gone), 'never here': world.agent() }
}

async function seen(response: Response): Promise<object> {
  const body = await response.text()
  return { status: response.status, headers: [...response.headers], length: body.length, body }
}

describe('a stranger', () => {
  const strange = Object.entries(INITIATORS).filter(([name]) => name !== 'own site' && name !== 'none')
  it.each(
    Object.entries(ADDRESSES).flatMap(([name, address]) =>
      strange
        // Another registered site may sign its users out.
        .filter(([who]) => !(name.startsWith('logout') && who === 'other site'))
        .map(([who, headers]) => [name, who, address, headers] as const),
    ),
  )(
    'at %s, as %s, finds the same whoever is signed in, and nothing is written or set',
    async (_, __, address, headers) => {
      await using world = await createWorld()
      const browsers = await browsersOf(world)
      const stored = await world.dump()
      const answers = new Set<string>()
      for (const browser of Object.values(browsers)) {
        const response = await browser.send(address, { headers: { accept: 'text/html', ...headers } })
        expect(response.headers.getSetCookie()).toEqual([])
        expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
        expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
        expect(response.headers.get('cache-control')).toBe('no-store')
        answers.add(JSON.stringify(await seen(response)))
      }
      expect(answers.size).toBe(1)
      expect(await world.dump()).toBe(stored)
    },
  )
})

describe('a ticket', () => {
  const table = Object.keys(INITIATORS).flatMap((who) =>
    (['link', 'login'] as const).flatMap((to) =>
      (['in full', 'by its id'] as const).map((how) => [who, to, how] as const),
    ),
  )
  it.each(table)('for the %s, at %s, written %s', async (who, to, how) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const body = JSON.stringify({ to, returnTo: `${SHOP}/`, challenge })
    const registered = (await (await browser.call('registerVisit', SHOP, { body })).json()) as { visit: string }
    const query =
      how === 'in full' ? new URLSearchParams({ return_to: `${SHOP}/`, challenge }) : `visit=${registered.visit}`
    const headers = { accept: 'text/html', ...INITIATORS[who] }
    const response = await browser.send(`/isthmus/${to}?${query}`, { headers })
    const tickets = await world.store.keys('ticket/')
    if (who === 'own site') {
      expect(response.status).toBe(303)
      expect(tickets).toHaveLength(1)
      return
    }
    expect(response.status).toBe(who === 'prefetch of the site' ? 503 : 200)
    expect(await response.text()).toMatch(
      who === 'prefetch of the site' ? /^$/ : /<h1>Continue to shop\.example\?<\/h1>/,
    )
    expect(tickets).toEqual([])
    // What only looked has used nothing up.
    const own = { accept: 'text/html', ...INITIATORS['own site'] }
    expect((await browser.send(`/isthmus/${to}?${query}`, { headers: own })).status).toBe(303)
  })
})

describe('a page that another one opened', () => {
  it.each(['account', 'signed out'] as const)('is cut off from it before it shows %s', async (name) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const first = await browser.visit(ADDRESSES[name], { headers: { referer: `${EVIL}/` } })
    expect(first.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(first.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(await first.text()).toContain(`content="0;url=${ADDRESSES[name]}"`)
    const second = await browser.visit(ADDRESSES[name], { headers: { 'sec-fetch-site': 'same-origin' } })
    expect(await second.text()).toContain(name === 'account' ? 'Customer' : 'You are signed in')
  })

  it('is led on once, where the browser does not say whose page led there', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const headers = { accept: 'text/html' }
    const first = await (await browser.send('/isthmus/account', { headers })).text()
    expect(first).toContain('content="0;url=/isthmus/account?again=1"')
    expect(await (await browser.send('/isthmus/account?again=1', { headers })).text()).toContain('Customer')
  })
})
