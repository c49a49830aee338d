import { seen, signIn, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('a change of groups reaches open tabs by itself, in both directions', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const staff = await open(world.url('staff'))
  await expect(status(staff)).toHaveText('denied: {"sub":"u-customer"}')
  const { sid } = (await snapshot(staff)) as { sid: string }
  for (const tab of [shop, staff]) await tab.evaluate('window.kept = true')

  expect(await world.hub.sessions.update(sid, { groups: ['customers', 'staff'] })).toBe(true)
  await expect(status(staff)).toHaveText('signed in: The customer')
  expect(await snapshot(staff)).toHaveProperty('user', { sub: 'u-customer', name: 'The customer', desk: 'none' })

  // And back, while nobody looks at it.
  await browserOfUser.hide(staff)
  expect(await world.hub.sessions.update(sid, { groups: ['customers'] })).toBe(true)
  await expect(status(staff)).toHaveText('denied: {"sub":"u-customer"}')
  const states = await seen(staff)
  const [first, ...rest] = states.filter((one) => one.status === 'signed-in')
  expect(JSON.stringify(first)).not.toContain('The customer')
  expect(rest.map((one) => one.access)).toEqual(['granted', 'denied'])
  expect(JSON.stringify(states.at(-1))).not.toContain('The customer')

  for (const tab of [shop, staff]) expect(await tab.evaluate('window.kept')).toBe(true)
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-out')

  await test.step('a denied user who signs out there is signed out everywhere', async () => {
    await staff.evaluate('session.signOut()')
    for (const tab of [staff, shop]) await expect(status(tab)).toHaveText('signed-out: logout')
  })
})

test('a changed claim reaches those sites that may see it, and no other', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  const { sid } = (await snapshot(shop)) as { sid: string }
  await world.hub.sessions.update(sid, { claims: { name: 'A good customer', plan: 'platinum', desk: 'none' } })
  for (const tab of [shop, news]) await expect(status(tab)).toHaveText('signed in: A good customer')
  expect(await snapshot(shop)).toHaveProperty('user.plan', 'platinum')
  expect(JSON.stringify(await seen(news))).not.toContain('platinum')
})
