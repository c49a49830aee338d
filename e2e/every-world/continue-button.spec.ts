import { loadsOf, shows, signIn, signOut } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

test('a site that prefers a click to a bounce: the hub’s own button links it', async ({
  world,
  open,
  privacyWorld,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  world.serve('news', { options: { link: 'manual' }, button: true })
  const address = world.url('news', '/story?id=7#/top')
  const news = await open(address)
  const isHidden = (): Promise<boolean> => news.evaluate('document.getElementById("continue").hidden')

  if (privacyWorld === 'chromium-allowed') {
    stateFact('Where the cookie carries the session there is nothing to click.', 'docs/browsers.md')
    await shows(news, 'signed in: The customer')
    expect(await isHidden()).toBe(true)
    return
  }
  await shows(news, 'unknown: partitioned')
  expect(await isHidden()).toBe(false)
  await news.frame(world.url('hub')).click(`text=Continue with ${world.names.hub}`)
  if (privacyWorld === 'webkit') {
    stateFact(
      'WebKit asks the user in a window of the browser, which automation does not reach: until then nothing changes.',
      'https://webkit.org/blog/8124/introducing-storage-access-api/',
    )
    await shows(news, 'unknown: partitioned')
    expect(loadsOf(world, 'news')).toBe(1)
    // Whoever does not wait for that goes the other way.
    await news.evaluate('void session.link()').catch(() => undefined)
  }
  await shows(news, 'signed in: The customer')
  expect(await isHidden()).toBe(true)
  expect(await news.evaluate('location.href')).toBe(address)
  if (privacyWorld === 'firefox') {
    stateFact('Firefox agrees to the click by itself: the page is not left.', 'https://bugzil.la/1492305')
    expect(loadsOf(world, 'news')).toBe(1)
  } else {
    // Chromium without a window has nobody to ask, and refuses: then the click is a bounce.
    expect(loadsOf(world, 'news')).toBe(2)
  }

  // Linked for good: the next page needs neither, and news comes live.
  const before = loadsOf(world, 'news')
  const again = await open(world.url('news', '/again'))
  await shows(again, 'signed in: The customer')
  expect(loadsOf(world, 'news')).toBe(before + 1)
  await expect.poll(() => news.evaluate('session.diagnose().then((one) => one.stream)')).toBe('open')
  await signOut(shop)
  for (const tab of [news, again]) await shows(tab, 'signed-out: logout')
})
