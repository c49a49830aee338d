import { expect, type Page } from '@playwright/test'
import { foundLanguages } from '../languages.ts'
import { promptly } from '../patience.ts'
import { signOut, status } from './acts.ts'
import { type CommandWorld, type Login, type StoreKind, startCommandWorld } from './command-world.ts'
import { test as base } from './fixtures.ts'

const test = base.extend<{ startHub: (login: Login, store?: StoreKind) => Promise<CommandWorld> }>({
  startHub: async ({ certificate }, use) => {
    const worlds: CommandWorld[] = []
    await use(async (login, store = 'lmdb') => {
      const world = await startCommandWorld(certificate, login, store)
      worlds.push(world)
      return world
    })
    for (const world of worlds) await world[Symbol.asyncDispose]()
  },
})

/** What a user does at each kind of login. */
const SIGN_IN: Record<Login, (page: Page) => Promise<void>> = {
  async php(page) {
    await page.getByLabel('User').fill('ann')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByText('Name or password is wrong.')).toBeVisible()
    await page.getByLabel('User').fill('ann')
    await page.getByLabel('Password').fill('demo')
    await page.getByRole('button', { name: 'Sign in' }).click()
  },
  async python(page) {
    await page.getByLabel('User').fill('ann')
    await page.getByLabel('Password').fill('demo')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
  },
  async provider(page) {
    await page.locator('[name=login]').fill('ann')
    await page.locator('[name=password]').fill('any')
    await page.getByRole('button', { name: 'Sign-in' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
  },
}

/** Signs in from the shop, and opens the other sites: they know the user without a question. */
async function signInOnThreeSites(
  world: CommandWorld,
  login: Login,
  open: (url: string) => Promise<Page>,
): Promise<Page[]> {
  const shop = await open(world.url('shop', '/cart?item=1#top'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await shop.evaluate('void session.signIn()')
  await shop.waitForURL((url) => !url.href.startsWith(world.url('shop')))
  await SIGN_IN[login](shop)
  await expect(status(shop)).toHaveText('signed in: Ann')
  expect(shop.url()).toBe(world.url('shop', '/cart?item=1#top'))
  const others = [await open(world.url('news')), await open(world.url('staff'))]
  for (const page of others) await expect(status(page)).toHaveText('signed in: Ann')
  return [shop, ...others]
}

for (const login of ['php', 'python'] as const) {
  test(`isthmus serve: a login page in ${login} signs in for three sites, and one sign-out reaches all`, async ({
    startHub,
    open,
  }) => {
    test.skip(!foundLanguages()[login], `${login} could not be had`)
    const world = await startHub(login)
    const [shop, ...others] = await signInOnThreeSites(world, login, open)
    if (shop) await signOut(shop)
    for (const page of others) await expect(status(page)).toHaveText('signed-out: logout')
  })
}

test('isthmus serve: an OpenID provider signs in for three sites, and a sign-out there reaches every open tab', async ({
  startHub,
  open,
}) => {
  const world = await startHub('provider')
  const pages = await signInOnThreeSites(world, 'provider', open)
  const account = await open(`${world.issuer}/session/end`)
  await account.getByRole('button', { name: 'Yes, sign me out' }).click()
  await expect(account.getByText('Sign-out Success')).toBeVisible()
  for (const page of pages) {
    await expect(status(page)).toHaveText('signed-out: revoked', { timeout: promptly(2000) })
  }
})

for (const login of ['php', 'python', 'provider'] as const) {
  const who = login === 'provider' ? 'a provider' : `a login page in ${login}`
  test(`isthmus serve on Redis: ${who} signs in, and an order of the command beside it reaches every open tab`, async ({
    startHub,
    open,
  }) => {
    test.skip(!foundLanguages().redis, 'redis-server could not be had')
    test.skip(login !== 'provider' && !foundLanguages()[login], `${login} could not be had`)
    const world = await startHub(login, 'redis')
    const pages = await signInOnThreeSites(world, login, open)
    const sub = login === 'provider' ? 'ann' : 'u-ann'
    expect(await world.run('sessions', 'revoke', '--user', sub)).toEqual({ ended: 1 })
    for (const page of pages) await expect(status(page)).toHaveText('signed-out: revoked')
  })
}
