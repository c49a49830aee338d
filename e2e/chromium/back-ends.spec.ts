import type { Page } from '@playwright/test'
import { BACK_ENDS, type BackEndName } from '../back-ends.ts'
import { signInAtHub } from './acts.ts'
import { type BackEndsWorld, type Mirror, startBackEndsWorld } from './back-ends-world.ts'
import { test as base, expect } from './fixtures.ts'

interface Options {
  /** Where the Express site has its token kept. */
  readonly mirror: Mirror
}

interface WorkerFixtures {
  /** The sites of this worker, started when they are first asked for. */
  readonly sitesWith: (mirror: Mirror) => Promise<BackEndsWorld>
}

interface Fixtures {
  readonly sites: BackEndsWorld
  /** Opens a tab at a site. */
  readonly visit: (name: BackEndName, path?: string) => Promise<Page>
}

const test = base.extend<Fixtures & Options, WorkerFixtures>({
  mirror: ['cookie', { option: true }],
  sitesWith: [
    async ({ certificate }, use) => {
      const started = new Map<Mirror, Promise<BackEndsWorld>>()
      await use(async (mirror) => {
        const sites = started.get(mirror) ?? startBackEndsWorld(certificate, mirror)
        started.set(mirror, sites)
        return sites
      })
      for (const sites of started.values()) await (await sites)[Symbol.asyncDispose]()
    },
    { scope: 'worker' },
  ],
  sites: async ({ mirror, sitesWith }, use) => {
    const sites = await sitesWith(mirror)
    await sites.endSessions()
    await use(sites)
  },
  visit: async ({ sites, open }, use) => {
    await use((name, path) => open(sites.url(name, path)))
  },
})

/** What the server sent, before any script ran. */
async function html(page: Page): Promise<string> {
  return (await (await page.reload({ waitUntil: 'commit' }))?.text()) ?? ''
}

/** Notes what stands on the page at every frame that is painted: of its sections at most one. */
const WATCH = `
  window.shown = new Set()
  requestAnimationFrame(function look() {
    const now = ['members', 'guests', 'strangers', 'failed'].filter((name) => document.querySelector('.' + name)?.checkVisibility())
    if (document.querySelector('h1')) window.first ??= now.join() || 'nothing'
    if (now.length > 0) shown.add(now.join())
    requestAnimationFrame(look)
  })`

function shown(page: Page): Promise<string[]> {
  return page.evaluate('[...shown]')
}

/** The token that the page keeps for its back end. */
async function tokenOf(page: Page): Promise<string> {
  const cookies = await page.context().cookies(page.url())
  return cookies.find(({ name }) => name.endsWith('isthmus_token'))?.value ?? ''
}

/** Those whose language could be had; the report names the others. */
function availableOf(sites: BackEndsWorld): readonly BackEndName[] {
  for (const name of BACK_ENDS.filter((one) => !sites.names.includes(one))) {
    test.info().annotations.push({ type: 'missing', description: `No ${name} here, and none could be installed.` })
  }
  return sites.names
}

test('the server draws who is signed in, and the signed-out page after the end, in every language', async ({
  sites,
  visit,
}) => {
  for (const name of availableOf(sites)) {
    await test.step(name, async () => {
      const page = await visit(name)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByLabel('User').fill('clerk')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page.locator('#name')).toHaveText('The clerk')

      // From now on it stands in the first HTML that arrives.
      expect(await html(page)).toContain('<b id="name">The clerk</b>')
      await expect(page.locator('#name')).toHaveText('The clerk')

      const token = await tokenOf(page)
      expect(await sites.membersWith(name, token)).toBe(200)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await expect(page.getByText('Nobody is signed in.')).toBeVisible()
      expect(await html(page)).not.toContain('The clerk')
      expect(await tokenOf(page)).toBe('')
      // The token lives on for minutes; the back end was told.
      await expect.poll(() => sites.membersWith(name, token)).toBe(401)
      await page.close()
    })
  }
})

test('one sign-in and one sign-out reach all back ends, whatever they are written in', async ({
  sites,
  visit,
  browserOfUser,
}) => {
  const login = await browserOfUser.newPage()
  await signInAtHub(login, sites.url('hub', ''), 'clerk')
  const pages: [BackEndName, Page, string][] = []
  for (const name of sites.names) {
    const page = await visit(name)
    await expect(page.locator('#name')).toHaveText('The clerk')
    pages.push([name, page, await tokenOf(page)])
  }
  const sids = await Promise.all(pages.map(([, page]) => page.evaluate('isthmus.current.sid')))
  expect(new Set(sids).size).toBe(1)
  // Each believes its own token, and no other site's.
  for (const [name] of pages) {
    for (const [issuedFor, , token] of pages) {
      expect(await sites.membersWith(name, token)).toBe(name === issuedFor ? 200 : 401)
    }
  }

  await pages[0]?.[1].getByRole('button', { name: 'Sign out' }).click()
  for (const [name, page, token] of pages) {
    await expect(page.getByText('Nobody is signed in.')).toBeVisible()
    await expect.poll(() => sites.membersWith(name, token)).toBe(401)
    expect(await html(page)).not.toContain('The clerk')
  }
})

for (const mirror of ['cookie', 'endpoint'] as const) {
  test.describe(`the mirror is a${mirror === 'cookie' ? ' cookie of the page' : 'n HttpOnly cookie of the server'}`, () => {
    test.use({ mirror })

    test('no frame ever shows the wrong page, at any load', async ({ sites, visit, browserOfUser }) => {
      const page = await browserOfUser.newPage()
      await page.addInitScript(WATCH)
      await page.goto(sites.url('express'))
      await expect(page.getByText('Nobody is signed in.')).toBeVisible()
      await expect.poll(() => shown(page)).toEqual(['guests'])
      await page.reload()
      await expect(page.getByText('Nobody is signed in.')).toBeVisible()
      await expect.poll(() => shown(page)).toEqual(['guests'])

      // Signed in elsewhere: the open page turns by itself, and never shows both.
      const login = await browserOfUser.newPage()
      await signInAtHub(login, sites.url('hub', ''), 'customer')
      await page.reload()
      await expect(page.locator('#name')).toBeVisible()
      await expect.poll(() => shown(page)).toEqual(['members'])
      await page.reload()
      await expect.poll(() => page.evaluate('document.documentElement.dataset.drawn')).toBe('right')
      await expect.poll(() => shown(page)).toEqual(['members'])
      expect(await page.evaluate('first')).toBe('members')

      // Signed out elsewhere while the page is not looked at: the next one it shows is the signed-out page.
      const other = await visit('python')
      await expect(other.locator('#name')).toHaveText('The customer')
      await other.getByRole('button', { name: 'Sign out' }).click()
      await expect(page.getByText('Nobody is signed in.')).toBeVisible()
      await expect.poll(() => shown(page)).toEqual(['guests'])
    })
  })
}

test.describe('with an HttpOnly cookie', () => {
  test.use({ mirror: 'endpoint' })

  test('the server draws it, no script reads it, and signing out takes it away', async ({ sites, visit }) => {
    const page = await visit('express')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('User').fill('customer')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.locator('#name')).toHaveText('The customer')
    expect(await html(page)).toContain('<b id="name">The customer</b>')
    expect(await page.evaluate('document.cookie')).not.toContain('isthmus')
    const token = await tokenOf(page)
    expect(await sites.membersWith('express', token)).toBe(200)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByText('Nobody is signed in.')).toBeVisible()
    await expect.poll(() => tokenOf(page)).toBe('')
    expect(await html(page)).not.toContain('The customer')
    await expect.poll(() => sites.membersWith('express', token)).toBe(401)
  })
})

test('zones: the desk never learns of a customer more than the browser must know', async ({
  sites,
  visit,
  browserOfUser,
}) => {
  test.skip(!sites.names.includes('php'), 'No PHP on this machine, and none could be installed.')
  const login = await browserOfUser.newPage()
  await signInAtHub(login, sites.url('hub', ''), 'customer')
  const desk = await visit('php')
  await expect(desk.getByText('Your account is not admitted here.')).toBeVisible()
  expect(await tokenOf(desk)).toBe('')
  expect(await html(desk)).not.toContain('customer')

  // Known in the shop, as a customer: what staff sees is not even sent.
  const shop = await visit('express')
  await expect(shop.locator('#name')).toHaveText('The customer')
  expect(await html(shop)).not.toContain('id="assist"')
  // Nor does the shop's token open the desk.
  expect(await sites.membersWith('php', await tokenOf(shop))).toBe(401)
})

test('a change of groups reaches the back end with the next token: staff no more', async ({
  sites,
  visit,
  browserOfUser,
}) => {
  const login = await browserOfUser.newPage()
  await signInAtHub(login, sites.url('hub', ''), 'clerk')
  const shop = await visit('express')
  await expect(shop.locator('#assist')).toBeVisible()
  const [session] = await sites.hub.sessions.list('u-clerk')
  await sites.hub.sessions.update(session?.sid ?? '', { groups: ['customers'] })
  await expect.poll(async () => (await html(shop)).includes('id="assist"')).toBe(false)
  await expect(shop.locator('#name')).toHaveText('The clerk')
})

test('assisted service: from the internal desk to the public shop, there as staff in the same session', async ({
  sites,
  visit,
}) => {
  test.skip(!sites.names.includes('php'), 'No PHP on this machine, and none could be installed.')
  const page = await visit('php')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('User').fill('clerk')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.locator('#name')).toHaveText('The clerk')
  const sid = await page.evaluate('isthmus.current.sid')

  await page.getByRole('link', { name: 'Assist a customer in the shop' }).click()
  await page.waitForURL(sites.url('express', '/**'))
  await expect(page.locator('#name')).toHaveText('The clerk')
  await expect(page.locator('#assist')).toBeVisible()
  expect(await page.evaluate('isthmus.current.sid')).toBe(sid)
  // The shop's groups decide what it is told, not the desk's: its claims are its own.
  expect(await page.evaluate('isthmus.current.user')).toEqual({ sub: 'u-clerk', name: 'The clerk' })

  // Back at the desk nothing has changed; signed out there, the shop knows nobody.
  const token = await tokenOf(page)
  await page.goBack({ waitUntil: 'commit' })
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByText('Nobody is signed in.')).toBeVisible()
  await page.goto(sites.url('express'))
  await expect(page.getByText('Nobody is signed in.')).toBeVisible()
  expect(await sites.membersWith('express', token)).toBe(401)
})
