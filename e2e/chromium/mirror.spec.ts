import type { Chromium } from '@isthmus/testing'
import type { Page } from '@playwright/test'
import { decodeJwt } from 'jose'
import type { World } from '../world.ts'
import { seen, signIn, signOut, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const COOKIE = 'isthmus_token'
const mirrored = { options: { mirror: 'cookie' } } as const

interface Kept {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly path: string
}

/** The mirror cookies in the jar, of all hosts. */
async function kept(browser: Chromium): Promise<Kept[]> {
  return (await browser.context.cookies()).filter(({ name }) => name === COOKIE)
}

async function domainsOf(browser: Chromium): Promise<string[]> {
  return (await kept(browser)).map(({ domain }) => domain).sort()
}

/** A token as the hub would write it, if it had not been written by somebody else. */
function forged(world: World, claims: object): string {
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    iss: world.url('hub', ''),
    aud: 'news',
    sub: 'u-boss',
    sid: 's',
    iat: now,
    exp: now + 300,
    ...claims,
  }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES256', kid: 'k', typ: 'JWT' })}.${part(payload)}.${'A'.repeat(86)}`
}

/** Writes down what the page shows at every frame that is painted, from the first one on. */
async function watchFrames(page: Page): Promise<void> {
  await page.addInitScript(`
    window.frames_ = []
    const look = () => {
      const shown = document.querySelector('output')?.textContent
      // The dash says nothing: the SDK is still on its way.
      if (shown && shown !== '–' && shown !== frames_.at(-1)) frames_.push(shown)
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)`)
}

const frames = (page: Page): Promise<string[]> => page.evaluate('frames_')

test('the next page knows at once who is signed in, or that nobody is, without a flicker', async ({
  world,
  open,
  browserOfUser,
}) => {
  world.serve('shop', mirrored)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await watchFrames(shop)

  await test.step('the mirror says who, and the hub confirms it', async () => {
    await shop.goto(world.url('shop', '/other'))
    await expect.poll(() => snapshot(shop)).toMatchObject({ status: 'signed-in', stale: false })
    const snapshots = await seen(shop)
    expect(snapshots[0]).toMatchObject({ status: 'signed-in', access: 'granted', stale: true, revision: 0 })
    expect(snapshots[0]).toHaveProperty('user', { sub: 'u-customer', name: 'The customer', plan: 'gold' })
    expect(snapshots.map(({ stale }) => stale)).toEqual([true, false])
    // Said before the hub could have answered, it is not what `ready` waits for.
    expect(await shop.evaluate('session.ready')).toMatchObject({ stale: false })
    // The text is there a moment before it is painted.
    await expect.poll(() => frames(shop)).toEqual(['signed in: The customer'])
  })

  await test.step('what it said stays visible where the hub does not answer', async () => {
    const bringBack = world.cutHub()
    await shop.reload()
    await expect(status(shop)).toHaveText('unknown: unreachable')
    const [first, ...rest] = await seen(shop)
    expect(first).toMatchObject({ status: 'signed-in', stale: true })
    expect(rest.at(-1)).toMatchObject({
      status: 'unknown',
      last: { status: 'signed-in', user: { name: 'The customer' } },
    })
    bringBack()
    await expect(status(shop)).toHaveText('signed in: The customer')
  })

  await test.step('after the end it says nothing any more', async () => {
    await signOut(shop)
    await expect(status(shop)).toHaveText('signed-out: logout')
    expect(await kept(browserOfUser)).toEqual([])
    await shop.reload()
    await expect(status(shop)).toHaveText('signed-out: logout')
    const said = async () => (await frames(shop)).filter((shown) => shown !== 'unknown: loading')
    await expect.poll(said).toEqual(['signed-out: logout'])
  })
})

test('with a script tag in the head not even the first frame is without it', async ({ world, open }) => {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title>
<script>
  window.frames_ = []
  const look = () => {
    if (document.body) frames_.push(document.documentElement.dataset.isthmus)
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
</script>
<script src="${world.url('hub', '/isthmus/client.js')}" data-mirror="cookie" data-link="eager"></script>
</head><body><output>News</output><script>window.session = isthmus</script></body></html>`
  world.hosts.set(world.names.news, (_, response) => response.setHeader('content-type', 'text/html').end(page))
  const news = await open(world.url('news'))
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-out')
  await news.evaluate('void session.signIn()')
  await news.getByLabel('User').fill('reader')
  await news.getByRole('button', { name: 'Sign in' }).click()
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-in')
  await news.reload()
  await expect.poll(() => snapshot(news)).toMatchObject({ status: 'signed-in', stale: false })
  await expect.poll(async () => (await frames(news)).length).toBeGreaterThan(2)
  expect(new Set(await frames(news))).toEqual(new Set(['signed-in']))
})

test('the cookie is for one host, or for the domain that the site names where the page lies below it', async ({
  world,
  open,
  browserOfUser,
}) => {
  for (const site of ['shop', 'www', 'news'] as const) world.serve(site, mirrored)
  // This one is followed by a script tag.
  const news = await open(world.url('news'))
  await signIn(news, 'customer')
  await expect(status(news)).toHaveText('signed in: The customer')
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-in')
  await expect.poll(() => domainsOf(browserOfUser)).toEqual([world.names.news])

  const shop = await open(world.url('shop'))
  await expect(status(shop)).toHaveText('signed in: The customer')
  await expect.poll(() => domainsOf(browserOfUser)).toEqual([`.${world.names.shop}`, world.names.news])
  // Its other address finds it there, before the hub has said anything.
  const www = await open(world.url('www'))
  await expect.poll(() => snapshot(www)).toMatchObject({ status: 'signed-in', stale: false })
  expect((await seen(www))[0]).toMatchObject({ status: 'signed-in', stale: true, user: { plan: 'gold' } })
  expect(await domainsOf(browserOfUser)).toEqual([`.${world.names.shop}`, world.names.news])

  for (const cookie of await browserOfUser.context.cookies()) {
    if (cookie.name !== COOKIE) continue
    const claims = decodeJwt(cookie.value)
    expect(cookie).toMatchObject({ path: '/', secure: true, httpOnly: false, sameSite: 'Lax' })
    // For as long as its token lives, by whichever clock: set when it came, which is a moment after it was made.
    expect(cookie.expires - Number(claims.exp)).toBeGreaterThanOrEqual(-1)
    expect(cookie.expires - Number(claims.exp)).toBeLessThan(60)
    expect(claims.aud).toBe(cookie.domain === world.names.news ? 'news' : 'shop')
    expect(claims).toHaveProperty('name', 'The customer')
    expect(claims.plan).toBe(cookie.domain === world.names.news ? undefined : 'gold')
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300)
  }

  await test.step('signing out on one site clears the mirrors of all that are open', async () => {
    const second = await open(world.url('shop', '/2'))
    await expect(status(second)).toHaveText('signed in: The customer')
    await signOut(news)
    for (const page of [shop, www, news, second]) await expect(status(page)).toHaveText('signed-out: logout')
    expect(await kept(browserOfUser)).toEqual([])
  })
})

const useless: [string, (world: World) => string][] = [
  ['cut short', (world) => forged(world, {}).slice(0, 40)],
  ['no token at all', () => 'true'],
  ['in three empty parts', () => '..'],
  ['not JSON', () => `e30.${Buffer.from('{"sub":').toString('base64url')}.AA`],
  ['expired', (world) => forged(world, { exp: Math.floor(Date.now() / 1000) - 1 })],
  ['of another hub', (world) => forged(world, { iss: 'https://auth.invalid' })],
  ['without a user', (world) => forged(world, { sub: '' })],
]
test('a useless cookie is ignored and healed', async ({ world, open, browserOfUser }) => {
  world.serve('news', mirrored)
  const news = await open(world.url('news'))
  await signIn(news, 'customer')
  await expect(status(news)).toHaveText('signed in: The customer')
  for (const [what, write] of useless) {
    await test.step(what, async () => {
      await news.goto('about:blank')
      const value = write(world)
      await browserOfUser.context.clearCookies({ name: COOKIE })
      await browserOfUser.context.addCookies([
        { name: COOKIE, value, domain: world.names.news, path: '/', secure: true, sameSite: 'Lax' },
      ])
      await news.goto(world.url('news'))
      await expect(status(news)).toHaveText('signed in: The customer')
      expect((await seen(news)).filter((one) => one.status === 'signed-in').map(({ stale }) => stale)).toEqual([false])
      await expect.poll(async () => (await kept(browserOfUser)).map((one) => one.value === value)).toEqual([false])
      const [healed] = await kept(browserOfUser)
      expect(decodeJwt(healed?.value ?? '')).toMatchObject({ aud: 'news', sub: 'u-customer' })
    })
  }
})

test('a cookie that a neighbour planted is believed by nobody, and gone', async ({ world, open, browserOfUser }) => {
  world.serve('news', mirrored)
  const news = await open('about:blank')
  const plant = { name: COOKIE, value: forged(world, { name: 'The boss' }), path: '/', secure: true }
  // Regression: one for a longer path comes before the site's own, and survived whatever the hub said.
  await browserOfUser.context.addCookies(
    ['/', '/articles', '/articles/'].flatMap((path) => [
      { ...plant, path, domain: `.${world.names.news}` },
      { ...plant, path, domain: world.names.news },
    ]),
  )
  await news.goto(world.url('news', '/articles/7'))
  await expect(status(news)).toHaveText('signed-out: none')
  // It can look like a user until the hub has spoken, and only as stale.
  expect((await seen(news)).filter((one) => one.status === 'signed-in').every(({ stale }) => stale)).toBe(true)
  expect(await kept(browserOfUser)).toEqual([])

  await test.step('nor does one stay beside the token of a user who is signed in', async () => {
    await signIn(news, 'customer')
    await expect(status(news)).toHaveText('signed in: The customer')
    await browserOfUser.context.addCookies([{ ...plant, path: '/articles', domain: world.names.news }])
    await news.reload()
    await expect(status(news)).toHaveText('signed in: The customer')
    await expect
      .poll(async () => (await kept(browserOfUser)).map(({ value, path }) => [decodeJwt(value).sub, path]))
      .toEqual([['u-customer', '/']])
  })
})

test('a user whom the site does not admit leaves no token', async ({ world, open, browserOfUser }) => {
  for (const site of ['shop', 'staff'] as const) world.serve(site, mirrored)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const staff = await open(world.url('staff'))
  await expect(status(staff)).toHaveText('denied: {"sub":"u-customer"}')
  expect(await snapshot(staff)).not.toHaveProperty('token')
  await expect.poll(() => domainsOf(browserOfUser)).toEqual([`.${world.names.shop}`])
})

test('the token is replaced before it runs out, and nothing else is announced', async ({
  world,
  open,
  browserOfUser,
  privacyWorld,
}) => {
  world.serve('shop', mirrored)
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await expect.poll(async () => (await kept(browserOfUser)).length).toBe(1)
  const [first] = await kept(browserOfUser)
  const announced = (await seen(shop)).length
  await shop.evaluate('session.refresh()')
  expect(await seen(shop)).toHaveLength(announced)
  world.passTime(150_000)
  await shop.evaluate('session.refresh()')
  const [second] = await kept(browserOfUser)
  expect(Number(decodeJwt(second?.value ?? '').exp)).toBeGreaterThanOrEqual(
    Number(decodeJwt(first?.value ?? '').exp) + 150,
  )
  const [before, after, ...more] = (await seen(shop)).slice(announced - 1)
  expect(more).toEqual([])
  expect({ ...after, token: '' }).toEqual({ ...before, token: '' })

  await test.step('who signs in as somebody else takes the mirror over', async () => {
    const bounce = new URLSearchParams({ return_to: world.url('shop'), prompt: 'login' })
    // From the page itself: a stranger would be asked first.
    await shop.evaluate(`location.assign('${world.url('hub', `/isthmus/login?${bounce}`)}')`)
    await shop.getByLabel('User').fill('reader')
    await shop.getByRole('button', { name: 'Sign in' }).click()
    if (privacyWorld === 'chromium-blocked') {
      // Led to the hub once already, this address is not left by itself again; and what is kept is nobody's meanwhile.
      await expect(status(shop)).toHaveText('unknown: partitioned')
      expect(await kept(browserOfUser)).toEqual([])
      await shop.evaluate('void session.link()')
    }
    await expect(status(shop)).toHaveText('signed in: The reader')
    await expect
      .poll(async () => (await kept(browserOfUser)).map(({ value }) => decodeJwt(value).sub))
      .toEqual(['u-reader'])
  })
})

test('a page without a mirror gets no token, and writes no cookie', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(await snapshot(shop)).not.toHaveProperty('token')
  expect(await kept(browserOfUser)).toEqual([])
  // Nor does it take that of a tab which has one.
  world.serve('www', mirrored)
  const www = await open(world.url('www'))
  await expect(status(www)).toHaveText('signed in: The customer')
  await www.evaluate('session.extend()')
  await shop.evaluate('session.refresh()')
  expect(JSON.stringify(await seen(shop))).not.toContain('"token"')
})
