import { seen, shows, signIn, snapshot } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('the staff site denies a customer and tells nothing but who it is', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const staff = await open(world.url('staff'))
  await shows(staff, 'denied: {"sub":"u-customer"}')
  expect(await snapshot(staff)).toMatchObject({ status: 'signed-in', access: 'denied', user: { sub: 'u-customer' } })
  expect(JSON.stringify(await seen(staff))).not.toContain('The customer')
})

test('it admits a clerk, with the claims of this site alone', async ({ world, open }) => {
  const staff = await open(world.url('staff'))
  await signIn(staff, 'clerk')
  await shows(staff, 'signed in: The clerk')
  expect(await snapshot(staff)).toMatchObject({
    access: 'granted',
    user: { sub: 'u-clerk', name: 'The clerk', desk: 'returns' },
  })
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The clerk')
  expect((await snapshot(news)) as { user: object }).toHaveProperty('user', { sub: 'u-clerk', name: 'The clerk' })
})
