import type { Page } from '@playwright/test'
import { seen, signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('signed in on the shop, known on the news', async ({ world, open, browserOfUser, thirdPartyCookies }) => {
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')

  const news = await browserOfUser.newPage()
  const loads = countLoads(news)
  await news.goto(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  // Allowed: no navigation but the user's own. Blocked: one silent bounce more.
  expect(loads()).toBe(thirdPartyCookies === 'allowed' ? 1 : 2)

  // From now on the partition has its own carrier.
  await news.goto(world.url('news', '/other'))
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(loads()).toBe(thirdPartyCookies === 'allowed' ? 2 : 3)
})

for (const path of ['/story?id=7&q=a%20b#/route?x=1', '/a?isthmus=1#top', '/plain', '/empty#', '/u/%C3%A4?q=1+1#a#b']) {
  test(`the address ${path} is the same afterwards, and holds no ticket`, async ({ world, open }) => {
    const shop = await open(world.url('shop'))
    await expect(status(shop)).toHaveText('signed-out: none')
    await signIn(shop, 'customer')

    const address = world.url('news', path)
    const news = await open(address)
    await expect(status(news)).toHaveText('signed in: The customer')
    expect(await news.evaluate('location.href')).toBe(address)
    expect(await news.evaluate('navigation.entries().map((entry) => entry.url)')).toEqual([address])
  })
}

test('a hash router hears of its route after the bounce', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  const news = await open('about:blank')
  await news.addInitScript(`
    window.routes = [location.hash]
    addEventListener('hashchange', () => routes.push(location.hash))`)
  await news.goto(world.url('news', '/#/cart?x=1'))
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(((await news.evaluate('routes')) as string[]).at(-1)).toBe('#/cart?x=1')
})

test('no page shows the wrong state on its way', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  for (const page of [shop, news]) {
    expect((await seen(page)).map((one) => one.status)).not.toContain('signed-out')
  }
})

test('signing in where there is a session asks for no password again', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  await news.evaluate('void session.signIn({ returnTo: "/welcome" })')
  await news.waitForURL(world.url('news', '/welcome'))
  await expect(status(news)).toHaveText('signed in: The customer')
})

function countLoads(page: Page): () => number {
  let loads = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame() && request.url().includes('//news.'))
      loads++
  })
  return () => loads
}
