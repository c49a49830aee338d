import { seen, signIn, signOut, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('side by side: signed out on one site, the other follows by itself', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  await news.evaluate('window.kept = true')
  await signOut(shop)
  await expect(status(shop)).toHaveText('signed-out: logout')
  await expect(status(news)).toHaveText('signed-out: logout')
  expect(await news.evaluate('window.kept')).toBe(true)
})

test('a hidden tab follows too', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  await browserOfUser.hide(news)
  await expect.poll(() => news.evaluate('document.visibilityState')).toBe('hidden')
  await signOut(shop)
  await expect(status(news)).toHaveText('signed-out: logout')
  expect(await news.evaluate('document.visibilityState')).toBe('hidden')
})

test('five tabs over three sites follow one sign-out', async ({ world, open }) => {
  const first = await open(world.url('shop'))
  await signIn(first, 'clerk')
  const others = [
    await open(world.url('shop', '/second')),
    await open(world.url('news')),
    await open(world.url('news', '/second')),
    await open(world.url('staff')),
  ]
  for (const tab of [first, ...others]) await expect(status(tab)).toHaveText('signed in: The clerk')
  await signOut(others[3] as (typeof others)[number])
  for (const tab of [first, ...others]) await expect(status(tab)).toHaveText('signed-out: logout')
})

test('after signing out neither reload nor the back button shows anybody', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await shop.evaluate(
    'addEventListener("pageshow", (event) => { window.restored = event.persisted; window.before = seen.length })',
  )
  // Off to another page of the shop, which keeps this one in the back-forward cache.
  await shop.getByRole('link', { name: 'Another page' }).click()
  await shop.waitForURL('**/other')
  await expect(status(shop)).toHaveText('signed in: The customer')

  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  await signOut(news)
  await expect(status(shop)).toHaveText('signed-out: logout')
  await shop.reload()
  await expect(status(shop)).toContainText('signed-out')
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-in')

  await shop.goBack({ waitUntil: 'commit' })
  await expect(status(shop)).toContainText('signed-out')
  const before = (await shop.evaluate('window.before ?? 0')) as number
  expect((await seen(shop)).slice(before).map((one) => one.status)).not.toContain('signed-in')
})

test('the back-forward cache still works, and what it restores is asked again', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await shop.evaluate(
    'addEventListener("pageshow", (event) => { window.restored = event.persisted; window.before = seen.length })',
  )
  await shop.goto(world.url('hub'))
  await shop.goBack({ waitUntil: 'commit' })
  await expect.poll(() => shop.evaluate('window.restored')).toBe(true)
  await expect(status(shop)).toHaveText('signed in: The customer')
  const after = (await seen(shop)).slice(((await shop.evaluate('window.before')) as number) - 1)
  expect(after.map((one) => one.status)).toEqual(['unknown', 'signed-in'])
})
