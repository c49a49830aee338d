import { seen, signIn, signInAtHub, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('a link that the system knows takes the session along: same sid, same address', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  const target = world.url('news', '/story?id=7#/route?x=1')
  await shop.evaluate((href) => {
    const link = Object.assign(document.createElement('a'), { href, textContent: 'Read on' })
    link.dataset.isthmusTransfer = ''
    document.body.append(link)
  }, target)
  const { sid } = (await snapshot(shop)) as { sid: string }

  await shop.getByRole('link', { name: 'Read on' }).click()
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(await shop.evaluate('location.href')).toBe(target)
  expect(await snapshot(shop)).toMatchObject({ sid })
})

test('look-alike and unknown addresses come back unchanged', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  const news = new URL(world.url('news'))
  const strange = [
    world.url('evil'),
    `https://news.localhost.evil.localhost:${news.port}/`,
    `https://news.localhost:${news.port}@evil.localhost/`,
    `https://user@news.localhost:${news.port}/`,
    'https://news.localhost/',
    `http://news.localhost:${news.port}/`,
    `https://xn--nws-8ma.localhost:${news.port}/`,
    `https:\\\\news.localhost:${news.port}/`,
    ` ${news.href}`,
    `//news.localhost:${news.port}/`,
    'javascript:alert(1)',
    '/other',
    '',
  ]
  for (const url of strange) {
    expect(
      await shop.evaluate(
        (one) => (window as unknown as { session: { transfer(url: string): string } }).session.transfer(one),
        url,
      ),
    ).toBe(url)
  }
  expect(await shop.evaluate(`session.transfer('${news.href}')`)).not.toBe(news.href)
})

test('where the other site still shows somebody else, the one who came replaces them, everywhere', async ({
  world,
  open,
  browserOfUser,
  thirdPartyCookies,
}) => {
  test.skip(thirdPartyCookies === 'allowed', 'With one cookie for all sites there is never a second user.')
  const news = await open(world.url('news'))
  await signIn(news, 'reader')
  await expect(status(news)).toHaveText('signed in: The reader')
  // The hub's own cookie is gone, the partition's is not: a browser that was half cleared.
  await browserOfUser.context.clearCookies({ name: '__Host-isthmus' })
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signInAtHub(shop, world.url('hub', ''), 'customer')
  await shop.goto(world.url('shop'))
  await expect(status(shop)).toHaveText('signed in: The customer')
  await expect(status(news)).toHaveText('signed in: The reader')

  const href = (await shop.evaluate(`session.transfer('${world.url('news', '/#top')}')`)) as string
  await shop.goto(href)
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(await shop.evaluate('location.href')).toBe(world.url('news', '/#top'))
  expect(JSON.stringify(await seen(shop))).not.toContain('The reader')
  await expect(status(news)).toHaveText('signed in: The customer')
})
