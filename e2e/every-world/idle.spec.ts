import { PATIENCE } from '../patience.ts'
import { shows, signIn, snapshot } from './acts.ts'
import { expect, test } from './fixtures.ts'

const MINUTE_MS = 60_000

test('a minute before the idle end every visible tab is warned, and the user can stay; after it all say so', async ({
  world,
  open,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  world.passTime(29 * MINUTE_MS)
  world.serve('shop', {
    head: `<script>
      window.warnings = []
      document.addEventListener('isthmus:expiring', ({ detail }) => warnings.push(detail))</script>`,
  })
  await shop.goto(world.url('shop', '/'))
  const second = await open(world.url('shop', '/second'))
  for (const tab of [shop, second]) {
    await expect.poll(() => tab.evaluate('warnings.length'), PATIENCE).toBe(1)
    expect(await tab.evaluate('warnings[0].secondsLeft')).toBeLessThanOrEqual(60)
  }
  const before = (await snapshot(shop)) as { idleExpiresAt: number }
  await shop.evaluate('session.extend()')
  const after = (await snapshot(shop)) as { idleExpiresAt: number }
  expect(after.idleExpiresAt - before.idleExpiresAt).toBeGreaterThan(28 * MINUTE_MS)
  await expect.poll(() => snapshot(second), PATIENCE).toMatchObject({ idleExpiresAt: after.idleExpiresAt })

  await test.step('after the idle end all say so', async () => {
    const news = await open(world.url('news'))
    await shows(news, 'signed in: The customer')
    world.passTime(31 * MINUTE_MS)
    for (const tab of [shop, second, news]) {
      await tab.evaluate('session.refresh()')
      await shows(tab, 'signed-out: idle')
    }
  })
})

test('after the absolute end all say so', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  for (let hours = 0; hours < 12; hours += 0.25) {
    world.passTime(15 * MINUTE_MS)
    await shop.evaluate('session.extend()')
  }
  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed-out: expired')
})
