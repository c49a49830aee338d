import type { PrivacyWorld, Tab } from '@isthmus/testing'
import type { RequestHandler } from 'express'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import {
  afterLogin,
  bounces,
  clickSignIn,
  clickSignInAtOnce,
  consoleText,
  diagnosis,
  fillIn,
  loadsOf,
  ONCE,
  seen,
  shows,
  UNLINKED,
} from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'
import { forget, giveNoCookie } from './hub-faults.ts'

/** An address as users have them: with a query that nobody normalizes, and a route in the fragment. */
const ADDRESS = '/story?id=7&q=a%20b&empty=&q=2#/route?x=1&y=%C3%A9'

/** Waits until no tab has been led anywhere for a while. In a loop that never comes. */
async function rests(world: World): Promise<void> {
  let before = -1
  const isQuiet = (): boolean => {
    const now = world.hosts.requests.filter(({ destination }) => destination === 'document').length
    const same = now === before
    before = now
    return same
  }
  await expect.poll(isQuiet, { ...PATIENCE, intervals: [600] }).toBe(true)
}

test.beforeEach(({ privacyWorld, cookies }) => {
  if (privacyWorld !== 'chromium-allowed' || cookies === 'off') return
  stateFact('Where the hub’s own cookie gets through, no tab is led through the hub at all.', 'docs/browsers.md')
})

/** Only the ticket gives a partition its carrier, if the hub's own cookie never gets through. */
function stateLost(privacyWorld: PrivacyWorld): void {
  if (privacyWorld === 'chromium-allowed' || privacyWorld === 'firefox') return
  stateFact('Signed in at the hub; but without the ticket this site stays unlinked, and says so.', 'docs/browsers.md')
}

/** Waits until tabs were led through the hub so often, and then none any more. */
async function areLedAway(world: World, times: number): Promise<void> {
  await expect.poll(() => bounces(world), PATIENCE).toBeGreaterThanOrEqual(times)
  await rests(world)
  expect(bounces(world)).toBe(times)
}

/** A tab that is on its way has none. */
function addressOf(tab: Tab): Promise<string> {
  return tab.evaluate<string>('location.href').catch(() => '')
}

/** Waits until the tab is there; visits that a site counts count as none. */
async function isAt(tab: Tab, address: string): Promise<void> {
  await expect.poll(async () => (await addressOf(tab)).replace(/visit=\d+/, 'visit=0'), PATIENCE).toBe(address)
}

test.describe('a page that may not touch sessionStorage', () => {
  const head = `<script>
    Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('denied', 'SecurityError') } })
  </script>`

  test('stays where it is, and a click leads to the login page and back to the same address', async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.serve('shop', { head })
    const shop = await open(world.url('shop', ADDRESS))
    await shows(shop, UNLINKED[privacyWorld])
    await areLedAway(world, 0)
    await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(1)
    await isAt(shop, world.url('shop', ADDRESS))

    await clickSignIn(shop, 'customer')
    stateLost(privacyWorld)
    await shows(shop, afterLogin(privacyWorld, 'signed in: The customer'))
    await rests(world)
    await isAt(shop, world.url('shop', ADDRESS))
    expect(bounces(world)).toBe(0)
    await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(2)
  })
})

test.describe('with cookies switched off', () => {
  test.use({ cookies: 'off' })

  test('nobody is led anywhere twice, and a click leads to the login page, to the reason and back', async ({
    world,
    open,
    privacyWorld,
  }) => {
    // WebKit has no switch for the other storage: a key carries what no cookie does.
    const keeps = privacyWorld === 'webkit'
    if (keeps) {
      stateFact(
        'WebKitGTK switches off cookies alone: sessionStorage and IndexedDB work on, and a key says that nobody is signed in.',
        'https://webkitgtk.org/reference/webkit2gtk/stable/enum.CookieAcceptPolicy.html',
      )
    }
    const shop = await open(world.url('shop', ADDRESS))
    await shows(shop, keeps ? 'signed-out: none' : 'unknown: partitioned')
    await areLedAway(world, keeps ? 1 : 0)
    await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(keeps ? 2 : 1)
    await isAt(shop, world.url('shop', ADDRESS))

    // A sign-in goes on only in the browser that began it, and a cookie says which: without any, a page says why.
    await shop.evaluate('void session.signIn()').catch(() => undefined)
    await fillIn(shop, 'customer')
    await shop.waitFor("document.body.innerText.includes('This browser keeps no cookies here')", {
      timeoutMs: PATIENCE.timeout,
    })
    await shop.click('text=Back to shop')
    await shop.waitFor(`location.host === '${new URL(world.url('shop')).host}'`, { timeoutMs: PATIENCE.timeout })
    await shows(shop, keeps ? 'signed-out: none' : 'unknown: partitioned')
    await rests(world)
    await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(keeps ? 3 : 2)
    expect(bounces(world)).toBe(keeps ? 1 : 0)
  })
})

test('a hub that answers "none" for ever is asked by one bounce, and on request again and again', async ({
  world,
  open,
  privacyWorld,
}) => {
  const remember = world.interceptHub(forget)
  const shop = await open(world.url('shop', ADDRESS))
  await shows(shop, UNLINKED[privacyWorld])
  await areLedAway(world, ONCE[privacyWorld])
  await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(1 + ONCE[privacyWorld])
  await isAt(shop, world.url('shop', ADDRESS))
  // Nor does another page of the tab, nor does looking at it again.
  await shop.goto(world.url('shop', '/other?x=1#top'))
  await shows(shop, UNLINKED[privacyWorld])
  await shop.hide()
  await shop.show()
  await areLedAway(world, ONCE[privacyWorld])
  await isAt(shop, world.url('shop', '/other?x=1#top'))

  for (const signInAgain of [(tab: Tab) => clickSignIn(tab, 'customer'), clickSignInAtOnce]) {
    await signInAgain(shop)
    await shows(shop, afterLogin(privacyWorld, 'signed-out: none'))
    await isAt(shop, world.url('shop', '/other?x=1#top'))
  }
  await areLedAway(world, ONCE[privacyWorld])
  remember()
  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed in: The customer')
})

test('a hub that forgets each carrier soon after it gave it, is not asked for the next one', async ({
  world,
  open,
  privacyWorld,
}) => {
  // Two hub servers without a common store behave so.
  let good = 0
  world.interceptHub((request, response, next) => {
    if (request.path === '/isthmus/redeem') good = 2
    if (request.path === '/isthmus/link' || request.path === '/isthmus/redeem' || good-- > 0) next()
    else forget(request, response, next)
  })
  const shop = await open(world.url('shop', ADDRESS))
  await shows(shop, 'signed-out: none')
  for (let times = 0; times < 4; times++) await shop.evaluate('session.refresh()')
  await shows(shop, UNLINKED[privacyWorld])
  await areLedAway(world, ONCE[privacyWorld])
  await isAt(shop, world.url('shop', ADDRESS))
})

test('a browser that keeps nothing of the hub from one page to the next is led away once, and a click works', async ({
  world,
  open,
  privacyWorld,
}) => {
  world.interceptHub(giveNoCookie)
  const forgetKeys = `new Promise((resolve, reject) => {
    const opening = indexedDB.open('isthmus')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('keys', 'readwrite')
      transaction.objectStore('keys').clear()
      transaction.oncomplete = resolve
    }
  })`
  const shop = await open(world.url('shop', ADDRESS))
  // The key is good for as long as the page is there.
  await shows(shop, 'signed-out: none')
  if (ONCE[privacyWorld]) await shop.frame(world.url('hub', '/')).evaluate(forgetKeys)
  for (const path of ['/other?x=1#top', '/third?x=2#/deep']) {
    await shop.goto(world.url('shop', path))
    await shows(shop, UNLINKED[privacyWorld])
    await rests(world)
    await isAt(shop, world.url('shop', path))
  }
  expect(bounces(world)).toBe(ONCE[privacyWorld])

  await clickSignIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await expect.poll(async () => (await diagnosis(shop)).carrier, PATIENCE).toBe('key')
  await isAt(shop, world.url('shop', '/third?x=2#/deep'))
})

test.describe('with a clock that is wrong', () => {
  const DAY_MS = 24 * 60 * 60 * 1000

  test('by a day, in the page or at the hub: one bounce, and a click works', async ({
    newWorld,
    open,
    privacyWorld,
  }) => {
    for (const [where, ms] of [
      ['ahead in the page', DAY_MS],
      ['behind in the page', -DAY_MS],
      ['ahead at the hub', DAY_MS],
      ['behind at the hub', -DAY_MS],
    ] as const) {
      await test.step(where, async () => {
        const world = await newWorld()
        const head = `<script>
          const RealDate = Date
          window.Date = class extends RealDate {
            constructor(...given) { super(...(given.length > 0 ? given : [RealDate.now() + ${ms}])) }
            static now() { return RealDate.now() + ${ms} }
          }
        </script>`
        const isHubs = where.endsWith('hub')
        if (isHubs) world.passTime(ms)
        world.serve('shop', { head: isHubs ? '' : head, options: { mirror: 'cookie' } })
        const shop = await open(world.url('shop', ADDRESS))
        await bouncesOnceAndSignsIn(world, shop, privacyWorld)
        await shop.close()
      })
    }
  })

  async function bouncesOnceAndSignsIn(world: World, shop: Tab, privacyWorld: PrivacyWorld): Promise<void> {
    await shows(shop, 'signed-out: none')
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', ADDRESS))
    await clickSignIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', ADDRESS))
    expect((await seen(shop)).map(({ status }) => status)).not.toContain('signed-out')
  }
})

/** A back end that shows each `visit` once: whoever asks again is sent on to the next. */
function sendOn(fragment = ''): RequestHandler {
  let sentTo = 0
  let shown = 0
  return (request, response, next) => {
    if (request.path !== '/story') return next()
    if (Number(request.query.visit) !== sentTo || shown === sentTo) {
      return response.redirect(302, request.url.replace(/visit=\d+/, `visit=${++sentTo}`) + fragment)
    }
    shown = sentTo
    next()
  }
}

test.describe('a site that sends each load on to another address', () => {
  const path = '/story?id=7&q=a%20b&visit=0#/route?x=1&y=%C3%A9'

  test('by its back end: one bounce, nothing else of the address changes, and a click works', async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.serve('shop', { backEnd: sendOn() })
    const shop = await open(world.url('shop', path))
    await bouncesOnceAndSignsIn(world, shop, privacyWorld)
  })

  test('by a script of the page: one bounce, nothing else of the address changes, and a click works', async ({
    world,
    open,
    privacyWorld,
  }) => {
    const head = `<script>
      const visit = Number(new URLSearchParams(location.search).get('visit'))
      const sentTo = Number(localStorage.getItem('sent to'))
      if (visit === sentTo && visit > Number(localStorage.getItem('shown'))) localStorage.setItem('shown', visit)
      else {
        localStorage.setItem('sent to', sentTo + 1)
        location.replace(location.href.replace(/visit=\\d+/, 'visit=' + (sentTo + 1)))
      }
    </script>`
    world.serve('shop', { head })
    const shop = await open(world.url('shop', path))
    await bouncesOnceAndSignsIn(world, shop, privacyWorld)
  })

  async function bouncesOnceAndSignsIn(world: World, shop: Tab, privacyWorld: PrivacyWorld): Promise<void> {
    await shows(shop, 'signed-out: none')
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', path))
    await clickSignIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', path))
  }
})

test.describe('a site that loses every fragment', () => {
  test('by its script: one bounce, though it can bring nothing back', async ({ world, open, privacyWorld }) => {
    const head = `<script>history.replaceState(null, '', location.pathname + location.search)</script>`
    world.serve('shop', { head })
    const shop = await open(world.url('shop', '/story?id=7&q=a%20b#/route'))
    await isLedAwayOnce(world, shop, '/story?id=7&q=a%20b', privacyWorld)
  })

  test('by redirects of its back end: one bounce, though it can bring nothing back', async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.serve('shop', { backEnd: sendOn('#top') })
    const shop = await open(world.url('shop', '/story?id=7&q=a%20b&visit=0#/route'))
    await isLedAwayOnce(world, shop, '/story?id=7&q=a%20b&visit=0#top', privacyWorld)
  })

  async function isLedAwayOnce(world: World, shop: Tab, path: string, privacyWorld: PrivacyWorld): Promise<void> {
    await shows(shop, UNLINKED[privacyWorld])
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', path))
    // The user is led to the login page and back, and the hub at least knows from then on.
    stateLost(privacyWorld)
    await clickSignIn(shop, 'customer')
    await shows(shop, afterLogin(privacyWorld, 'signed in: The customer'))
    await areLedAway(world, ONCE[privacyWorld])
    await isAt(shop, world.url('shop', path))
  }
})

test.describe('a hash router that runs before us', () => {
  // What it does to a fragment, and what it makes of none.
  const routers = [
    ['takes the fragment as it is', '', ''],
    [
      'writes a slash before it',
      `if (location.hash[1] !== '/') history.replaceState(null, '', '#/' + location.hash.slice(1))`,
      '#/',
    ],
    [
      'writes an exclamation mark before it, and escapes it',
      `if (!/^#[!/]/.test(location.hash)) {
        history.replaceState(null, '', '#!' + location.hash.slice(1).replaceAll('=', '%3D'))
      }`,
      '#!',
    ],
  ] as const
  const routerOf = (rewrite: string): string => `<script>
    window.routes = []
    const route = () => { ${rewrite}; routes.push(location.hash) }
    addEventListener('hashchange', route)
    route()
  </script>`

  test("is told the user's own route", async ({ newWorld, open, privacyWorld }) => {
    for (const [words, rewrite] of routers) {
      await test.step(words, async () => {
        const world = await newWorld()
        for (const site of ['shop', 'news'] as const) {
          world.serve(site, { head: routerOf(rewrite) })
          const tab = await open(world.url(site, '/story?id=7#/route?x=1'))
          await shows(tab, 'signed-out: none')
          await rests(world)
          await isAt(tab, world.url(site, '/story?id=7#/route?x=1'))
          expect((await tab.evaluate<string[]>('routes')).at(-1)).toBe('#/route?x=1')
          await tab.close()
        }
        expect(bounces(world)).toBe(2 * ONCE[privacyWorld])
      })
    }
  })

  test('is told that there is no route', async ({ newWorld, open, privacyWorld }) => {
    for (const [words, rewrite, own] of routers) {
      await test.step(words, async () => {
        const world = await newWorld()
        world.serve('shop', { head: routerOf(rewrite) })
        const shop = await open(world.url('shop', '/story?id=7'))
        await shows(shop, 'signed-out: none')
        await rests(world)
        // Its own rewriting stays, as on a page that nobody was led away from.
        await isAt(shop, world.url('shop', `/story?id=7${own}`))
        expect((await shop.evaluate<string[]>('routes')).at(-1)).toBe(own)
        expect(bounces(world)).toBe(ONCE[privacyWorld])
        await shop.close()
      })
    }
  })
})

test('a page whose links have another base keeps its address, with and without a route in the fragment', async ({
  world,
  open,
  privacyWorld,
}) => {
  // As every Angular and Blazor page has one: "#…" alone would lead away from the page, and lose the ticket.
  world.serve('shop', { head: '<base href="/elsewhere/">' })
  const shop = await open(world.url('shop', ADDRESS))
  await shows(shop, 'signed-out: none')
  await rests(world)
  expect(await addressOf(shop)).toBe(world.url('shop', ADDRESS))
  expect(loadsOf(world, 'shop')).toBe(1 + ONCE[privacyWorld])
  await clickSignIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(await addressOf(shop)).toBe(world.url('shop', ADDRESS))

  world.serve('news', { head: '<base href="/elsewhere/">' })
  const news = await open(world.url('news', '/plain'))
  await shows(news, 'signed in: The customer')
  await rests(world)
  expect(await addressOf(news)).toBe(world.url('news', '/plain'))
  expect(loadsOf(world, 'news')).toBe(1 + ONCE[privacyWorld])
})

test('a hidden tab is not led away; when it is looked at, it is, once', async ({
  world,
  userBrowser,
  privacyWorld,
}) => {
  const shop = await userBrowser.newTab()
  await shop.hide()
  await shop.goto(world.url('shop', ADDRESS))
  await shows(shop, UNLINKED[privacyWorld])
  await areLedAway(world, 0)
  await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(1)
  await shop.show()
  await shows(shop, 'signed-out: none')
  await areLedAway(world, ONCE[privacyWorld])
  await isAt(shop, world.url('shop', ADDRESS))
})

test('a tab that sleeps on its way back, until its ticket has run out, is not led away again, and a click works', async ({
  world,
  open,
  privacyWorld,
}) => {
  let slept = false
  world.interceptHub(({ path }, _, next) => {
    if (path === '/isthmus/redeem' && !slept) {
      slept = true
      world.passTime(61_000)
    }
    next()
  })
  const shop = await open(world.url('shop', ADDRESS))
  await expect.poll(() => slept, PATIENCE).toBe(ONCE[privacyWorld] === 1)
  await shows(shop, UNLINKED[privacyWorld])
  await areLedAway(world, ONCE[privacyWorld])
  await isAt(shop, world.url('shop', ADDRESS))
  if (slept) expect(await consoleText(shop)).toContain('isthmus: ticket-expired')

  await clickSignIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(bounces(world)).toBe(ONCE[privacyWorld])
  await isAt(shop, world.url('shop', ADDRESS))
})

test('of several tabs that open at once each is led away once at most, and all follow a sign-in', async ({
  world,
  userBrowser,
}) => {
  const addresses = ['/one?x=1#/a', '/two?x=2#/b', '/three?x=3#/c'].map((path) => world.url('shop', path))
  const tabs = await Promise.all(addresses.map(() => userBrowser.newTab()))
  await Promise.all(tabs.map((tab, index) => tab.goto(addresses[index] ?? '')))
  for (const tab of tabs) await shows(tab, 'signed-out: none')
  await rests(world)
  const loads = world.hosts.requests.filter(
    ({ host, destination }) => host === world.names.shop && destination === 'document',
  )
  for (const { path } of loads) expect(loads.filter((one) => one.path === path).length).toBeLessThanOrEqual(2)
  expect(await Promise.all(tabs.map(addressOf))).toEqual(addresses)

  await clickSignIn(tabs[0] as Tab, 'customer')
  for (const tab of tabs) await shows(tab, 'signed in: The customer')
  await rests(world)
  expect(await Promise.all(tabs.map(addressOf))).toEqual(addresses)
})

test.describe('a hub that goes away while the tab is led through it', () => {
  const isBounce = (path: string): boolean => path === '/isthmus/link'

  test('by breaking off: the user goes back, the tab is not led away again, and a click works', async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.serve('shop', {
      backEnd(request, response, next) {
        if (request.path === '/plain') response.send('<!doctype html><title>Plain</title><h1>Plain</h1>')
        else next()
      },
    })
    const bringBack = world.interceptHub((request, _, next) => {
      if (isBounce(request.path)) request.socket.destroy()
      else next()
    })
    const shop = await open(world.url('shop', '/plain'))
    await shop.goto(world.url('shop', ADDRESS)).catch(() => {})
    await expect.poll(() => bounces(world) >= ONCE[privacyWorld], PATIENCE).toBe(true)
    await rests(world)
    // Chromium goes on trying to load a page that failed, until it is left.
    await shop.back()
    await shop.waitFor("document.title === 'Plain'")
    const tries = bounces(world)
    bringBack()
    await shop.goto(world.url('shop', ADDRESS))
    await shows(shop, UNLINKED[privacyWorld])
    await areLedAway(world, tries)
    await isAt(shop, world.url('shop', ADDRESS))

    await clickSignIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await isAt(shop, world.url('shop', ADDRESS))
    expect(bounces(world)).toBe(tries)
  })

  test('by never answering: the page goes on, and a click works', async ({ world, open, privacyWorld }) => {
    const head = `<script>addEventListener('keydown', () => session.signIn())</script>`
    world.serve('shop', { head, options: { timeoutMs: 1500 } })
    world.interceptHub(({ path }, _, next) => {
      if (!isBounce(path)) next()
    })
    const shop = await open(world.url('shop', ADDRESS))
    await expect.poll(() => bounces(world), PATIENCE).toBe(ONCE[privacyWorld])
    // Playwright cannot ask a page that waits for another one; its console and its keys go on.
    if (ONCE[privacyWorld]) await expect.poll(() => consoleText(shop), PATIENCE).toContain('isthmus: partitioned')
    else await shows(shop, 'signed-out: none')
    await areLedAway(world, ONCE[privacyWorld])
    await expect.poll(() => loadsOf(world, 'shop'), PATIENCE).toBe(1)

    await shop.press('s')
    await fillIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await isAt(shop, world.url('shop', ADDRESS))
    expect(bounces(world)).toBe(ONCE[privacyWorld])
  })
})

test('an address that is too long for the way back is not left', async ({ world, open, privacyWorld }) => {
  const address = world.url('shop', `/story?${'x'.repeat(4096)}#/route`)
  const shop = await open(address)
  await shows(shop, UNLINKED[privacyWorld])
  await areLedAway(world, 0)
  await isAt(shop, address)
})
