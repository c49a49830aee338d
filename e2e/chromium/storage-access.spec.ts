import type { Chromium } from '@isthmus/testing'
import type { Page } from '@playwright/test'
import type { World } from '../world.ts'
import { seen, signIn, signInAtHub, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

/** As if the user had agreed, on the news, when the browser asked. It holds until the browser is closed. */
async function agree({ context }: Chromium, { url }: World): Promise<void> {
  const session = await context.newCDPSession(await context.newPage())
  const { targetInfo } = await session.send('Target.getTargetInfo')
  await session.send('Browser.setPermission', {
    permission: { name: 'storage-access' },
    setting: 'granted',
    origin: url('news', ''),
    embeddedOrigin: url('hub', ''),
    browserContextId: targetInfo.browserContextId as string,
  })
}

/** How the news asked for the hub page: what the browser said of the hub's own cookie, and whether it sent it. */
function hubRequests({ hosts, url }: World): { access: unknown; sent: boolean }[] {
  return hosts.requests
    .filter(({ path, headers }) => path.startsWith('/isthmus/hub') && headers.referer === url('news'))
    .map(({ headers }) => ({
      access: headers['sec-fetch-storage-access'],
      sent: headers.cookie?.includes('__Host-isthmus=') ?? false,
    }))
}

function loadsOfNews({ hosts, names }: World): number {
  return hosts.requests.filter(({ host, destination }) => host === names.news && destination === 'document').length
}

async function followsLive(page: Page, other: Page): Promise<void> {
  await expect.poll(() => page.evaluate('session.diagnose().then((one) => one.stream)')).toBe('open')
  await other.evaluate('session.signOut()')
  await expect(status(page)).toHaveText('signed-out: logout')
}

test('where the user agreed before, the very first answer knows them: no click, no bounce', async ({
  world,
  open,
  browserOfUser,
  thirdPartyCookies,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await agree(browserOfUser, world)
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(loadsOfNews(world)).toBe(1)
  const withCookie = { access: 'active', sent: true }
  expect(hubRequests(world)).toEqual(
    thirdPartyCookies === 'allowed' ? [withCookie] : [{ access: 'inactive', sent: false }, withCookie],
  )
  await followsLive(news, shop)
})

test('where the user agrees at the click, the page is not left', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  world.serve('news', { options: { link: 'manual' }, button: true })
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText(/unknown: partitioned|signed in/)
  if ((await status(news).textContent()) === 'unknown: partitioned') {
    await agree(browserOfUser, world)
    await news.bringToFront()
    const name = `Continue with ${world.names.hub}`
    await news.frameLocator('#continue iframe').getByRole('button', { name }).click()
  }
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(loadsOfNews(world)).toBe(1)
  await followsLive(news, shop)
})

// Regression: the page showed the one and followed the other.
test('a partition that still holds somebody else’s session follows the one whom the page shows', async ({
  world,
  open,
  browserOfUser,
  thirdPartyCookies,
}) => {
  const news = await open(world.url('news'))
  await signIn(news, 'reader')
  await expect(status(news)).toHaveText('signed in: The reader')
  // The hub's own cookie is gone, the partition's is not: a browser that was half cleared.
  await browserOfUser.context.clearCookies({ name: '__Host-isthmus' })
  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'clerk')
  await agree(browserOfUser, world)
  await news.goto(world.url('news', '/second'))
  await expect(status(news)).toHaveText('signed in: The clerk')
  // Where workers have the hub's own cookie too, nobody looks at the partition's.
  if (thirdPartyCookies === 'blocked') await expect.poll(() => world.hub.sessions.list('u-reader')).toEqual([])
  const [session] = await world.hub.sessions.list('u-clerk')
  await expect.poll(() => news.evaluate('session.diagnose().then((one) => one.stream)')).toBe('open')
  await world.hub.sessions.revoke(session?.sid ?? '')
  await expect(status(news)).toHaveText('signed-out: revoked')
  expect(JSON.stringify(await seen(news))).not.toContain('The reader')
})

// Regression: the end of the one was shown as the end of the other.
test('the end of a session that a partition still holds is not the end of the one that the page shows', async ({
  world,
  open,
  browserOfUser,
}) => {
  const news = await open(world.url('news'))
  await signIn(news, 'reader')
  await expect(status(news)).toHaveText('signed in: The reader')
  await browserOfUser.context.clearCookies({ name: '__Host-isthmus' })
  await signInAtHub(await open('about:blank'), world.url('hub', ''), 'clerk')
  // It ends, but this partition is not open to be told. The page may be on its way through the hub just now: so its tab is closed.
  await news.close()
  const [former] = await world.hub.sessions.list('u-reader')
  await world.hub.sessions.revoke(former?.sid ?? '')
  await agree(browserOfUser, world)
  const again = await open(world.url('news'))
  await expect(status(again)).toHaveText('signed in: The clerk')
  await expect.poll(() => again.evaluate('session.diagnose().then((one) => one.stream)')).toBe('open')
  expect((await seen(again)).map((one) => one.status)).not.toContain('signed-out')
})
