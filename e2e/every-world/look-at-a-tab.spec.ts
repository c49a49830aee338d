import { shows, signIn, signInAtHub } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('a tab that was open and signed out learns of a sign-in elsewhere when it is looked at', async ({
  world,
  open,
}) => {
  const news = await open(world.url('news', '/?q=1#/deep'))
  await shows(news, 'signed-out: none')
  await news.hide()
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await shows(news, 'signed-out: none')

  await news.show()
  await shows(news, 'signed in: The customer')
  expect(await news.evaluate('location.href')).toBe(world.url('news', '/?q=1#/deep'))
})

test('after a sign-out the same holds for the next sign-in', async ({ world, open, userBrowser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  await news.evaluate('session.signOut()')
  await shows(shop, 'signed-out: logout')
  await shop.hide()

  await signInAtHub(await userBrowser.newTab(), world, 'reader')
  await shop.show()
  await shows(shop, 'signed in: The reader')
})
