import { expect, test } from '@isthmus/testing/playwright'

const page = (name: string) => (hub: string) => (_: unknown, response: { end(text: string): void }) => {
  response.end(`<!doctype html><title>${name}</title><link rel="icon" href="data:,">
    <script src="${hub}/isthmus/client.js" async></script><h1>${name}</h1>
    <button onclick="isthmus.signIn()">Sign in</button>`)
}

test.use({
  sites: {
    shop: { serve: page('Shop'), claims: ['name'] },
    news: { serve: page('News') },
  },
})

test('a sign-out in the shop reaches the newspaper', async ({ open, signIn, expectSignedOutEverywhere }) => {
  const shop = await open('shop')
  await signIn(shop)
  const news = await open('news')
  await signIn(news, 'ada', 'text=Sign in')
  expect(await shop.evaluate('isthmus.refresh().then(({ user }) => user.name)')).toBe('Ada')

  await shop.evaluate('isthmus.signOut()')
  await expectSignedOutEverywhere()
})
