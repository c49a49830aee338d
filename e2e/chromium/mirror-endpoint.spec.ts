import { JWKS_PATH } from '@isthmus/protocol'
import { nodeHandler } from '@isthmus/server/node'
import { createVerifier } from '@isthmus/site'
import { isthmus, mirrorEndpoint } from '@isthmus/site/express'
import { type Chromium, startHosts } from '@isthmus/testing'
import type { Page } from '@playwright/test'
import express from 'express'
import type { World } from '../world.ts'
import { seen, signIn, signOut, status } from './acts.ts'
import { test as base, expect } from './fixtures.ts'

/** A shop whose own back end keeps the token, and says at `/who` whom it believes to see. */
const test = base.extend<{ backEnd: { readonly received: string[] } }>({
  backEnd: async ({ world }, use) => {
    // The hub's keys, at an address that this process can reach.
    await using keys = await startHosts({ handlers: { '127.0.0.1': nodeHandler(world.hub) } })
    const jwks = `${keys.origin('127.0.0.1')}${JWKS_PATH}`
    const verifier = createVerifier({ hub: world.url('hub', ''), site: 'shop', mirror: 'endpoint', jwks })
    const received: string[] = []
    const backEnd = express()
    backEnd.use((request, _, next) => {
      if (request.path === '/isthmus/mirror') received.push(request.method)
      next()
    })
    backEnd.use(mirrorEndpoint(verifier, { origins: [world.url('shop', '')] }))
    backEnd.get('/who', isthmus(verifier), (request, response) => {
      response.json(request.isthmus.user?.sub ?? null)
    })
    world.serve('shop', { options: { mirror: 'endpoint' }, backEnd })
    await use({ received })
  },
})

async function keptBy(browser: Chromium, world: World): Promise<object[]> {
  const cookies = await browser.context.cookies(world.url('shop'))
  return cookies.filter(({ name }) => name.includes('isthmus_token'))
}

const who = (page: Page): Promise<unknown> => page.evaluate('fetch("/who").then((response) => response.json())')

test('the back end knows who is signed in, and scripts cannot read how', async ({
  world,
  open,
  browserOfUser,
  backEnd,
}) => {
  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  // Who was never signed in here causes no request.
  expect(backEnd.received).toEqual([])
  expect(await who(shop)).toBeNull()
  await signIn(shop, 'customer')
  await expect.poll(() => who(shop)).toBe('u-customer')
  expect(await keptBy(browserOfUser, world)).toEqual([
    expect.objectContaining({ name: '__Host-isthmus_token', httpOnly: true, secure: true, path: '/', sameSite: 'Lax' }),
  ])
  expect(await shop.evaluate('document.cookie')).not.toContain('isthmus')

  await test.step('signing out on another site takes it away', async () => {
    const news = await open(world.url('news'))
    await expect(status(news)).toHaveText('signed in: The customer')
    await signOut(news)
    await expect(status(shop)).toHaveText('signed-out: logout')
    await expect.poll(() => who(shop)).toBeNull()
    expect(await keptBy(browserOfUser, world)).toEqual([])
    expect(backEnd.received.at(-1)).toBe('DELETE')
  })

  await test.step('a tab that signs out and leaves at once takes it away too', async () => {
    await signIn(shop, 'customer')
    await expect.poll(() => who(shop)).toBe('u-customer')
    const signs = backEnd.received.length
    await shop.evaluate(`session.signOut().then(() => location.assign('${world.url('hub')}'))`)
    await shop.waitForURL(world.url('hub'))
    await expect.poll(() => backEnd.received.slice(signs)).toEqual(['DELETE'])
    await expect.poll(() => keptBy(browserOfUser, world)).toEqual([])
  })
})

test('a back end that fails is asked again, and the session goes on', async ({ world, open, backEnd }) => {
  const shop = await open('about:blank')
  let failures = 0
  await shop.route('**/isthmus/mirror', async (route) => {
    if (failures++ === 0) await route.fulfill({ status: 503 })
    else await route.continue()
  })
  const lines: string[] = []
  shop.on('console', (line) => lines.push(line.text()))
  await shop.goto(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await expect.poll(() => lines.join('\n')).toContain('did not take the token')
  await shop.evaluate('session.refresh()')
  await expect.poll(() => who(shop)).toBe('u-customer')
  expect(backEnd.received).toEqual(['POST'])
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-out')
})

test('the token goes to the site itself only', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  // Where it is partitioned, the page is led away and back first.
  await expect(status(shop)).toHaveText('signed-out: none')
  const attempt = `import('/isthmus-client/index.js').then(({ createSession, endpointMirror }) => {
    createSession({ hub: '${world.url('hub', '')}', mirror: endpointMirror('${world.url('evil', '/take')}') })
  }).catch(({ code, message }) => code + ': ' + message)`
  expect(await shop.evaluate(attempt)).toBe(
    `config-invalid: endpointMirror: give a path of this site, not "${world.url('evil', '/take')}".`,
  )
})

// Regression: the refusal ended the work, the news of the end was never sent, and pages waited for it.
test('a token whose session ends on its way is refused, and taken back all the same', async ({
  world,
  open,
  backEnd,
}) => {
  const shop = await open(world.url('shop'))
  let release: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    release = resolve
  })
  await shop.route('**/isthmus/mirror', async (route) => {
    if (route.request().method() === 'DELETE') return route.continue()
    await ended
    return route.fulfill({ status: 401 })
  })
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await shop.evaluate(`
    window.mirrored = 0
    document.addEventListener('isthmus:mirrored', () => mirrored++)`)
  await signOut(shop)
  await expect(status(shop)).toHaveText('signed-out: logout')
  expect(backEnd.received).toEqual([])
  release()
  await expect.poll(() => backEnd.received).toEqual(['DELETE'])
  await expect.poll(() => shop.evaluate('mirrored')).toBe(1)
})

// Regression: without the part there was no session at all.
test('a script tag whose part cannot be loaded follows the session by the frame, and says so', async ({
  world,
  open,
}) => {
  world.interceptHub(({ path }, response, next) => {
    if (path.startsWith('/isthmus/assets/client-features-')) response.sendStatus(404)
    else next()
  })
  world.serve('news', { options: { mirror: 'endpoint', transport: 'fetch' } })
  const page = await open('about:blank')
  const said: string[] = []
  page.on('console', (line) => said.push(line.text()))
  await page.goto(world.url('news'))
  await expect(status(page)).toHaveText('signed-out: none')
  expect(said).toContainEqual(expect.stringContaining('isthmus: part-missing'))
  expect(page.frames().map((frame) => frame.url())).toContainEqual(expect.stringContaining('/isthmus/hub?'))
})
