import type { PrivacyWorld } from '@isthmus/testing'
import { diagnosis, loadsOf, seen, shows, signIn } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

/** How the frame proves the session, as measured: found by trying, never by the browser's name. */
const CARRIERS: Record<PrivacyWorld, string> = {
  'chromium-allowed': 'cookie',
  'chromium-blocked': 'partitioned',
  firefox: 'partitioned',
  webkit: 'key',
}

test('signed in on the shop, known on the news', async ({ world, open, privacyWorld }) => {
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')

  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  // On its way no page has shown the wrong state.
  for (const tab of [shop, news]) expect((await seen(tab)).map((one) => one.status)).not.toContain('signed-out')
  // With third-party cookies: no navigation but the user's own. Elsewhere: one silent bounce more.
  const ways = privacyWorld === 'chromium-allowed' ? 1 : 2
  expect(loadsOf(world, 'news')).toBe(ways)
  const shopLoads = loadsOf(world, 'shop')

  // From now on each partition has its own carrier, which outlives the page: nobody is led away a second time.
  await news.goto(world.url('news', '/other'))
  await shop.goto(world.url('shop', '/other'))
  for (const tab of [shop, news]) await shows(tab, 'signed in: The customer')
  expect((await diagnosis(news)).carrier).toBe(CARRIERS[privacyWorld])
  const { carrier } = await diagnosis(shop)
  if (privacyWorld === 'firefox') {
    stateFact(
      'On the site where the user signed in, Firefox lets the cookie of the hub through to the frame for a while, but not to its workers: either may carry the session there.',
      'https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/State_Partitioning#storage_access_heuristics',
    )
    expect(carrier).toMatch(/^(?:partitioned|cookie)$/)
  } else expect(carrier).toBe(CARRIERS[privacyWorld])
  expect(loadsOf(world, 'news')).toBe(ways + 1)
  expect(loadsOf(world, 'shop')).toBe(shopLoads + 1)

  await test.step('signing in where there is a session asks for no password again', async () => {
    await news.evaluate('void session.signIn({ returnTo: "/welcome" })')
    await news.waitFor(`location.href === '${world.url('news', '/welcome')}'`)
    await shows(news, 'signed in: The customer')
  })
})

test('the address is the same afterwards, and holds no ticket', async ({ newWorld, open }) => {
  const paths = ['/story?id=7&q=a%20b#/route?x=1', '/a?isthmus=1#top', '/plain', '/empty#', '/u/%C3%A4?q=1+1&b=\\c#a#b']
  for (const path of paths) {
    await test.step(path, async () => {
      // Only a site that has no carrier yet leads away.
      const world = await newWorld()
      const shop = await open(world.url('shop'))
      await shows(shop, 'signed-out: none')
      await signIn(shop, 'customer')

      const address = world.url('news', path)
      const news = await open(world.url('evil'))
      const before = await news.evaluate<number>('history.length')
      await news.goto(address)
      await shows(news, 'signed in: The customer')
      // The hub escapes a backslash on the way back: proxies and browsers do not agree on what it means.
      expect((await news.evaluate<string>('location.href')).replace('%5C', '\\')).toBe(address)
      // One entry, and it is this one: neither the way to the hub nor the ticket is in the history.
      expect(await news.evaluate('history.length')).toBe(before + 1)
      for (const tab of [shop, news]) await tab.close()
    })
  }
})

// Regression: the first session object took the ticket along (React's StrictMode).
test('a page that ends its session object and makes another one at once keeps its ticket', async ({ world, open }) => {
  const page = `<!doctype html><output></output><script type="module">
    import { createSession } from '/isthmus-client/index.js'
    const options = { hub: '${world.url('hub', '')}', link: 'eager' }
    createSession(options).destroy()
    window.session = createSession(options)
    session.subscribe(({ status, reason }) => (document.querySelector('output').textContent = status + ': ' + reason))
  </script>`
  world.serve('shop', { backEnd: ({ path }, response, next) => (path === '/' ? response.send(page) : next()) })
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signIn(shop, 'customer')
  await shows(shop, 'signed-in: undefined')
  expect(await shop.evaluate('location.href')).toBe(world.url('shop'))
})

test('a hash router hears of its route after the bounce', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signIn(shop, 'customer')
  world.serve('news', {
    head: `<script>
      window.routes = [location.hash]
      addEventListener('hashchange', () => routes.push(location.hash))</script>`,
  })
  const news = await open(world.url('news', '/#/cart?x=1'))
  await shows(news, 'signed in: The customer')
  expect((await news.evaluate<string[]>('routes')).at(-1)).toBe('#/cart?x=1')
})
