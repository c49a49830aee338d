import { nodeHandler } from '@isthmus/server/node'
import express from 'express'
import { createLoginApp } from '../login-app.ts'
import { loadsOf, seen, shows, signIn, signInAtHub, snapshot } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

test('a link that the system knows takes the session along: same sid, same address', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const target = world.url('news', '/story?id=7#/route?x=1')
  await shop.evaluate((href) => {
    const link = Object.assign(document.createElement('a'), { href, textContent: 'Read on' })
    link.dataset.isthmusTransfer = ''
    document.body.append(link)
  }, target)
  const { sid } = (await snapshot(shop)) as { sid: string }

  // A call of the page waits for the part that hears of clicks.
  await shop.evaluate('session.refresh().then(() => 1)')
  await test.step('also in a shadow root, and clicked twice it holds one hint; afterwards it has its own address', async () => {
    const { clicked, left } = await shop.evaluate<{ clicked: string[]; left: string | null }>(`new Promise((done) => {
      const host = document.body.appendChild(document.createElement('div'))
      const link = document.createElement('a')
      link.href = '${target}'
      link.dataset.isthmusTransfer = ''
      host.attachShadow({ mode: 'open' }).append(link)
      const clicked = []
      link.onclick = (event) => (event.preventDefault(), clicked.push(link.href))
      for (let times = 0; times < 2; times++) link.click()
      setTimeout(() => done({ clicked, left: link.getAttribute('href') }), 50)
    })`)
    const hinted = target.replace('#', `#isthmus=link:${sid}&`)
    expect(clicked).toEqual([hinted, hinted])
    expect(left).toBe(target)
  })

  await shop.click('text=Read on')
  await shop.waitFor(`location.href === '${target}'`)
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate('location.href')).toBe(target)
  expect(await snapshot(shop)).toMatchObject({ sid })
})

test('look-alike and unknown addresses come back unchanged', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const news = new URL(world.url('news'))
  const { evil } = world.names
  const strange = [
    world.url('evil'),
    `https://${news.hostname}.${evil}:${news.port}/`,
    `https://${news.host}@${evil}/`,
    `https://user@${news.host}/`,
    `https://${news.hostname}/`,
    `http://${news.host}/`,
    `https://${news.host.replace('news', 'xn--nws-8ma')}/`,
    `https:\\\\${news.host}/`,
    ` ${news.href}`,
    `//${news.host}/`,
    'javascript:alert(1)',
    '/other',
    '',
  ]
  for (const url of strange) expect(await shop.evaluate(`session.transfer(${JSON.stringify(url)})`)).toBe(url)
  expect(await shop.evaluate(`session.transfer('${news.href}')`)).not.toBe(news.href)
})

test('where the other site still shows somebody else, the one who came replaces them, everywhere', async ({
  world,
  open,
  userBrowser,
  privacyWorld,
}) => {
  const visits = await userBrowser.newTab()
  await signInAtHub(visits, world, 'reader')
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The reader')
  // The hub's own cookie is gone, the partition's is not: a browser that was half cleared.
  const forgetful = express().get('/forget', (_, response) => {
    for (const [name, site] of [
      ['__Host-isthmus', 'None'],
      ['__Host-isthmus.session', 'Lax'],
    ]) {
      response.append('Set-Cookie', `${name}=; Path=/; Secure; HttpOnly; SameSite=${site}; Max-Age=0`)
    }
    response.send('Forgotten')
  })
  world.hosts.set(world.names.hub, forgetful.use(nodeHandler(world.hub)).use(createLoginApp(world.hub)))
  await visits.goto(world.url('hub', '/forget'))
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signInAtHub(visits, world, 'customer')
  // At another address: this tab is not led away twice from one.
  await shop.goto(world.url('shop', '/again'))
  await shows(shop, 'signed in: The customer')
  await shows(news, 'signed in: The reader')

  const href = await shop.evaluate<string>(`session.transfer('${world.url('news', '/#top')}')`)
  const before = loadsOf(world, 'news')
  await shop.goto(href)
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate('location.href')).toBe(world.url('news', '/#top'))
  expect(JSON.stringify(await seen(shop))).not.toContain('The reader')
  await shows(news, 'signed in: The customer')
  if (privacyWorld === 'chromium-allowed') {
    stateFact(
      'With third-party cookies the session is there already: a transfer leads nobody past the hub.',
      'https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/Third-party_cookies',
    )
  }
  expect(loadsOf(world, 'news')).toBe(before + (privacyWorld === 'chromium-allowed' ? 1 : 2))
})
