import { PATIENCE } from '../patience.ts'
import { diagnosis, seen, shows, signIn, signOut } from './acts.ts'
import { expect, test } from './fixtures.ts'

/** Notes whether the page comes back from the back-forward cache, and how much it had said by then. */
const noteRestores =
  'addEventListener("pageshow", (event) => { window.restored = event.persisted; window.before = seen.length })'

test('signed out on one site, the other follows by itself, though its tab is hidden', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  await expect.poll(async () => (await diagnosis(news)).stream, PATIENCE).toBe('open')
  await news.evaluate('(window.kept = true)')
  await news.hide()
  await signOut(shop)
  for (const tab of [shop, news]) await shows(tab, 'signed-out: logout')
  expect(await news.evaluate('[window.kept, document.visibilityState]')).toEqual([true, 'hidden'])
})

test('five tabs over three sites follow one sign-out', async ({ world, open }) => {
  const first = await open(world.url('shop'))
  await signIn(first, 'clerk')
  const staff = await open(world.url('staff'))
  const tabs = [
    first,
    await open(world.url('shop', '/second')),
    await open(world.url('news')),
    await open(world.url('news', '/second')),
    staff,
  ]
  for (const tab of tabs) await shows(tab, 'signed in: The clerk')
  await signOut(staff)
  for (const tab of tabs) await shows(tab, 'signed-out: logout')
})

test('after signing out neither reload nor the back button shows anybody', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await shop.evaluate(noteRestores)
  // Off to another page of the shop, which keeps this one in the back-forward cache.
  await shop.click('text=Another page')
  await shop.waitFor("location.pathname === '/other'")
  await shows(shop, 'signed in: The customer')

  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  await signOut(news)
  await shows(shop, 'signed-out: logout')
  await shop.reload()
  await shows(shop, /^signed-out/)
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-in')

  await shop.back()
  await shop.waitFor("location.pathname === '/'")
  await shows(shop, /^signed-out/)
  const before = await shop.evaluate<number>('window.before ?? 0')
  expect((await seen(shop)).slice(before).map((one) => one.status)).not.toContain('signed-in')
})

test('the back-forward cache still works, and what it restores is asked again', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  // Firefox keeps no page that waits for something when it is left, nor one that is left for a page still loading.
  await expect.poll(async () => (await diagnosis(shop)).stream, PATIENCE).toBe('open')
  await shop.evaluate(noteRestores)
  await shop.goto(world.url('hub'))
  await shop.waitFor("document.readyState === 'complete'")
  await shop.back()
  await shop.waitFor('window.restored === true', { timeoutMs: PATIENCE.timeout })
  await shows(shop, 'signed in: The customer')
  const after = (await seen(shop)).slice((await shop.evaluate<number>('window.before')) - 1)
  expect(after.map((one) => one.status)).toEqual(['unknown', 'signed-in'])
})
