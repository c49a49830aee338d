import { signIn, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const MINUTE_MS = 60_000

test('a minute before the idle end every visible tab is warned, and the user can stay', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  world.passTime(29 * MINUTE_MS)
  const tabs = [shop, await open('about:blank')]
  for (const [tab, path] of [
    [shop, '/'],
    [tabs[1], '/second'],
  ] as const) {
    await tab?.addInitScript(
      'window.warnings = []; document.addEventListener("isthmus:expiring", ({ detail }) => warnings.push(detail))',
    )
    await tab?.goto(world.url('shop', path))
  }
  for (const tab of tabs) {
    await expect.poll(() => tab.evaluate('window.warnings.length')).toBe(1)
    expect((await tab.evaluate('window.warnings[0].secondsLeft')) as number).toBeLessThanOrEqual(60)
  }
  const before = (await snapshot(shop)) as { idleExpiresAt: number }
  await shop.evaluate('session.extend()')
  const after = (await snapshot(shop)) as { idleExpiresAt: number }
  expect(after.idleExpiresAt - before.idleExpiresAt).toBeGreaterThan(28 * MINUTE_MS)
  await expect
    .poll(async () => (await snapshot(tabs[1] as (typeof tabs)[number])) as object)
    .toMatchObject({
      idleExpiresAt: after.idleExpiresAt,
    })
})

test('after the idle end all say so', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  world.passTime(31 * MINUTE_MS)
  for (const tab of [shop, news]) {
    await tab.evaluate('session.refresh()')
    await expect(status(tab)).toHaveText('signed-out: idle')
  }
})

test('after the absolute end all say so', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  for (let hours = 0; hours < 12; hours += 0.25) {
    world.passTime(15 * MINUTE_MS)
    await shop.evaluate('session.extend()')
  }
  await shop.evaluate('session.refresh()')
  await expect(status(shop)).toHaveText('signed-out: expired')
})
