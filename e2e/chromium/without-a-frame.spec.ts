import type { Page } from '@playwright/test'
import { seen, signIn, signOut, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const fetching = { options: { transport: 'fetch' } } as const

test('a site below the hub’s own domain needs no frame, and no bounce', async ({ world, open }) => {
  world.serve('my', fetching)
  const my = await open('about:blank')
  const loads = countLoads(my)
  await my.goto(world.url('my', '/page?x=1#top'))
  await expect(status(my)).toHaveText('signed-out: none')
  expect(loads()).toBe(1)
  await signIn(my, 'reader')
  await expect(status(my)).toHaveText('signed in: The reader')
  expect(my.frames()).toHaveLength(1)
  expect(await my.evaluate('location.href')).toBe(world.url('my', '/page?x=1#top'))
  expect((await seen(my)).map((one) => one.status)).toEqual(['unknown', 'signed-in'])

  await test.step('user activity keeps the session alive', async () => {
    const before = (await snapshot(my)) as { idleExpiresAt: number }
    world.passTime(60_000)
    const after = (await my.evaluate('session.extend()')) as { idleExpiresAt: number }
    expect(after.idleExpiresAt - before.idleExpiresAt).toBeGreaterThanOrEqual(60_000)
  })
})

test('known from elsewhere; what happens there is noticed when somebody looks; signed out everywhere', async ({
  world,
  open,
  browserOfUser,
}) => {
  world.serve('my', fetching)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const my = await open(world.url('my'))
  await expect(status(my)).toHaveText('signed in: The customer')
  await browserOfUser.hide(my)
  await signOut(shop)
  await browserOfUser.show(my)
  await expect(status(my)).toHaveText('signed-out: logout')

  await signIn(shop, 'customer')
  await my.goto(world.url('my'))
  await expect(status(my)).toHaveText('signed in: The customer')
  await signOut(my)
  await expect(status(my)).toHaveText('signed-out: logout')
  await expect(status(shop)).toHaveText('signed-out: logout')
})

test('what happens elsewhere is noticed by a page that nobody touches within two minutes', async ({ world, open }) => {
  world.serve('my', fetching)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const my = await open('about:blank')
  await my.clock.install()
  await my.goto(world.url('my'))
  await expect(status(my)).toHaveText('signed in: The customer')
  await signOut(shop)
  await my.clock.runFor(119_000)
  await expect(status(my)).toHaveText('signed in: The customer')
  await my.clock.runFor(2_000)
  await expect(status(my)).toHaveText('signed-out: logout')
})

test('with a mirror its token is replaced in time', async ({ world, open, browserOfUser }) => {
  world.serve('my', { options: { transport: 'fetch', mirror: 'cookie' } })
  const my = await open('about:blank')
  await my.clock.install()
  await my.goto(world.url('my'))
  await signIn(my, 'reader')
  await expect(status(my)).toHaveText('signed in: The reader')
  const token = async (): Promise<string | undefined> =>
    (await browserOfUser.context.cookies()).find(({ name }) => name === 'isthmus_token')?.value
  await expect.poll(token).toBeDefined()
  const first = await token()
  world.passTime(150_000)
  await my.clock.runFor(121_000)
  await expect.poll(token).not.toBe(first)
  expect(await snapshot(my)).toHaveProperty('token', await token())
})

test('embedded by a stranger it claims no more than it can know', async ({ world, open, thirdPartyCookies }) => {
  world.serve('my', fetching)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const evil = await open(world.url('evil'))
  await evil.evaluate(`document.body.innerHTML = '<iframe src="${world.url('my')}"></iframe>'`)
  const shown = evil.frameLocator(`iframe[src^="${world.url('my')}"]`).locator('output')
  await expect(shown).toHaveText(thirdPartyCookies === 'allowed' ? 'signed in: The customer' : 'unknown: partitioned')
})

test('where it cannot ask it says why', async ({ world, open }) => {
  for (const site of ['my', 'evil'] as const) world.serve(site, fetching)
  const evil = await open(world.url('evil'))
  await expect(status(evil)).toHaveText('unknown: not-registered')
  world.serve('my', { ...fetching, headers: { 'Content-Security-Policy': "connect-src 'none'" } })
  const my = await open(world.url('my'))
  await expect(status(my)).toHaveText('unknown: blocked')
  expect(await my.evaluate('session.diagnose().then(({ findings }) => findings[0].cure)')).toBe(
    `Add "connect-src ${world.url('hub', '')}" to the policy.`,
  )
  world.serve('my', fetching)
  world.hosts.cut(world.names.hub)
  await my.reload()
  await expect(status(my)).toHaveText('unknown: unreachable')
})

function countLoads(page: Page): () => number {
  let loads = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads++
  })
  return () => loads
}
