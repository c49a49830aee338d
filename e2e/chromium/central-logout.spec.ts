import type { Page } from '@playwright/test'
import { signIn, signInAtHub, snapshot, status } from './acts.ts'
import { test as base, expect } from './fixtures.ts'
import { type LogoutReceiver, startLogoutReceiver } from './logout-receiver.ts'

interface Receivers {
  readonly shop: LogoutReceiver
  readonly news: LogoutReceiver
}

const test = base.extend<{ receivers: Receivers }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  receivers: async ({}, use) => {
    await using shop = await startLogoutReceiver(200)
    await using news = await startLogoutReceiver(200)
    await use({ shop, news })
  },
  world: async ({ receivers: { shop, news }, newWorld }, use) => {
    await use(await newWorld({ backchannel: { shop: shop.uri, news: news.uri } }))
  },
})

/** Follows a link of a page, as users do: the browser says where they come from. */
async function followLink(page: Page, href: string): Promise<void> {
  await page.evaluate((to) => {
    const link = document.createElement('a')
    link.href = to
    link.textContent = 'Sign out everywhere'
    document.body.append(link)
  }, href)
  await page.getByRole('link', { name: 'Sign out everywhere' }).click({ noWaitAfter: true })
}

const row = (page: Page, site: string) => page.getByRole('listitem').filter({ hasText: site })

test('the signed-out page shows each site’s result as it comes, and every tab has followed', async ({
  world,
  open,
  receivers,
}) => {
  receivers.shop.answer(undefined)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const others = [await open(world.url('shop', '/second')), await open(world.url('news'))]
  for (const tab of others) await expect(status(tab)).toHaveText('signed in: The customer')
  const { sid } = (await snapshot(shop)) as { sid: string }

  await followLink(shop, world.url('hub', '/isthmus/logout'))
  await expect(shop.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
  for (const tab of others) await expect(status(tab)).toHaveText('signed-out: logout')
  await expect(row(shop, 'news')).toContainText('its server has confirmed')
  await expect(shop.getByText('Telling the servers')).toBeVisible()
  await expect(row(shop, 'shop')).toHaveCount(0)
  await shop.evaluate('window.kept = true')

  receivers.shop.answer(200)
  await expect(row(shop, 'shop')).toContainText('its server has confirmed')
  await expect(shop.getByText('Every site has been told.')).toBeVisible()
  await expect(shop.getByText('Telling the servers')).toBeHidden()
  expect(await shop.evaluate('window.kept')).toBe(true)
  for (const { told } of [receivers.shop, receivers.news]) expect(told).toEqual([sid])

  await shop.getByRole('link', { name: 'Back to shop' }).click()
  await expect(status(shop)).toContainText('signed-out')
})

test('it works without JavaScript, and by keyboard alone', async ({ world, open, receivers }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  const page = await open('about:blank')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setScriptExecutionDisabled', { value: true })
  // Typed into the address bar: nobody trustworthy sent the user, so the hub asks.
  await page.goto(world.url('hub', '/isthmus/logout'))
  await expect(page.getByRole('heading', { name: 'Sign out everywhere?' })).toBeVisible()
  await expect(status(shop)).toHaveText('signed in: The customer')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Every site has been told.')).toBeVisible()
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - heading "You are signed out" [level=1]
      - paragraph: Your session has ended on every site that uses this sign-in, in every open tab.
      - region "Sites you used":
        - heading "Sites you used" [level=2]
        - list:
          - listitem:
            - strong: shop
            - text: Signed out, and its server has confirmed
        - paragraph: Every site has been told.
  `)
  await expect(status(shop)).toHaveText('signed-out: logout')
  expect(receivers.news.told).toEqual([])
})

test('a site that is down keeps nobody waiting, and is told when it is back', async ({ world, open, receivers }) => {
  receivers.shop.answer(503)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  const back = new Promise((resolve) => world.hub.on('delivery', ({ ok }) => ok && resolve(ok)))
  await followLink(shop, world.url('hub', '/isthmus/logout'))
  await expect(row(shop, 'shop')).toContainText('it is told again until it does')
  await expect(shop.getByText('You need not wait')).toBeVisible()
  receivers.shop.answer(200)
  await back
  await shop.reload()
  await expect(row(shop, 'shop')).toContainText('its server has confirmed')
})

test('with a return address of a registered site the user is back at once; with another one nothing happens', async ({
  world,
  open,
  receivers,
}) => {
  receivers.shop.answer(undefined)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const out = (to: string): string => world.url('hub', `/isthmus/logout?return_to=${encodeURIComponent(to)}`)

  await followLink(shop, out(world.url('evil', '/trap')))
  await expect(shop.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await shop.goto(world.url('shop'))
  await expect(status(shop)).toHaveText('signed in: The customer')

  await followLink(shop, out(world.url('news', '/bye?x=1#end')))
  await shop.waitForURL(world.url('news', '/bye?x=1#end'))
  await expect(status(shop)).toContainText('signed-out')
  await expect.poll(() => receivers.shop.told.length).toBe(1)
})

test('a foreign page signs nobody out by a link or a form', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const evil = await open(world.url('evil'))
  await followLink(evil, world.url('hub', '/isthmus/logout'))
  await expect(evil.getByRole('heading', { name: 'Sign out everywhere?' })).toBeVisible()
  await evil.goto(world.url('evil'))
  await evil.evaluate(
    (action) => {
      const form = document.createElement('form')
      form.method = 'post'
      form.action = action
      document.body.append(form)
      form.submit()
    },
    world.url('hub', '/isthmus/logout'),
  )
  await expect(evil.getByText('origin-refused')).toBeVisible()
  await shop.evaluate('session.refresh()')
  await expect(status(shop)).toHaveText('signed in: The customer')
})

test('loading the signed-out page again ends nothing after the next sign-in', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await followLink(shop, world.url('hub', '/isthmus/logout'))
  await expect(shop.getByText('Every site has been told.')).toBeVisible()
  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'reader')
  await shop.reload()
  await expect(shop.getByRole('heading', { name: 'You are signed in' })).toBeVisible()
  await shop.getByRole('link', { name: 'Your sessions' }).click()
  await expect(shop.getByText('Signed in as The reader.')).toBeVisible()
})
