import { signIn, signInAtHub, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('a tab that was open and signed out learns of a sign-in elsewhere when it is looked at', async ({
  world,
  open,
  browserOfUser,
}) => {
  const news = await open(world.url('news', '/?q=1#/deep'))
  await expect(status(news)).toHaveText('signed-out: none')
  await browserOfUser.hide(news)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await expect(status(news)).toHaveText('signed-out: none')

  await browserOfUser.show(news)
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(await news.evaluate('location.href')).toBe(world.url('news', '/?q=1#/deep'))
})

test('after a sign-out the same holds for the next sign-in', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')
  await news.evaluate('session.signOut()')
  await expect(status(shop)).toHaveText('signed-out: logout')
  await browserOfUser.hide(shop)

  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'reader')
  await browserOfUser.show(shop)
  await expect(status(shop)).toHaveText('signed in: The reader')
})
