import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeHandler } from '@isthmus/server/node'
import type { Tab } from '@isthmus/testing'
import { freePort, startBackEnd } from '../back-ends.ts'
import { fillIn, shows, signOut, UNLINKED } from '../every-world/acts.ts'
import { expect, test } from '../every-world/fixtures.ts'
import { PATIENCE } from '../patience.ts'
import { buildNextSite } from './build-next-site.ts'

test.beforeAll(async () => {
  test.setTimeout(180_000)
  await buildNextSite()
})

test('a site in Next.js: signed in, known to its server, signed out on another site; hydration never differs', async ({
  newWorld,
  userBrowser,
  privacyWorld,
}) => {
  const port = await freePort()
  const world = await newWorld({ backchannel: { shop: `http://127.0.0.1:${port}/isthmus/backchannel-logout` } })
  // As inside a network: the site reaches the hub by another address than browsers do.
  const inside = createServer(nodeHandler(world.hub)).listen(0, '127.0.0.1')
  await once(inside, 'listening')
  const jwks = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/.well-known/jwks.json`
  await using site = await startBackEnd('next', { hub: world.url('hub', ''), site: 'shop', jwks, port })
  if (!site) throw new Error('Next.js has not started.')
  world.hosts.set(world.names.shop, site.proxy)

  const shop = await userBrowser.newTab()
  await shop.goto(world.url('shop', '/?color=red#top'))
  await shows(shop, UNLINKED[privacyWorld].replace(/:.*/, ''))
  expect(await shop.evaluate('location.search + location.hash')).toBe('?color=red#top')
  await shop.click('text=Sign in')
  await fillIn(shop, 'customer')
  await shows(shop, 'signed-in')
  expect(await shop.evaluate('location.search + location.hash')).toBe('?color=red#top')

  // The token is in a cookie by now, so the server draws the next page for its user.
  await expect.poll(() => drawn(shop, '/'), PATIENCE).toContain('<output>signed-in</output>')
  await shop.reload()
  await shows(shop, 'signed-in')
  await shop.click('text=Members')
  await expect.poll(() => shop.text('h1'), PATIENCE).toBe('For The customer')

  const news = await userBrowser.newTab()
  await news.goto(world.url('news'))
  await shows(news, 'signed in: The customer')
  await signOut(news)
  await shop.waitFor("location.pathname === '/'", { timeoutMs: PATIENCE.timeout })
  await shows(shop, 'signed-out')
  // The hub has told the server as well.
  await expect.poll(() => drawn(shop, '/members'), PATIENCE).not.toContain('The customer')

  // React reports markup that it cannot take over as an error of the page: https://react.dev/errors/418.
  expect((await shop.console()).filter(({ text }) => /React error|hydrat/i.test(text))).toEqual([])
  inside.close()
})

/** What the server draws for this browser. */
function drawn(tab: Tab, path: string): Promise<string> {
  return tab.evaluate(`fetch(${JSON.stringify(path)}).then((answer) => answer.text())`)
}
