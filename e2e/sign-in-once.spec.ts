import { signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('signed in on the shop, known on the news', async ({ world, open, thirdPartyCookies }) => {
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')

  const navigations: string[] = []
  const news = await open('about:blank')
  news.on('framenavigated', (frame) => frame === news.mainFrame() && navigations.push(frame.url()))
  await news.goto(world.url('news', '/story?id=7&q=a%20b#/route?x=1'))
  await expect(status(news)).toHaveText('signed in: The customer')
  expect(news.url()).toBe(world.url('news', '/story?id=7&q=a%20b#/route?x=1'))
  const loads = await news.evaluate(() => performance.getEntriesByType('navigation').length)
  expect(loads).toBe(1)
  console.log(thirdPartyCookies, navigations)
})
