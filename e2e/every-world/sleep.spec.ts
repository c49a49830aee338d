import type { Tab } from '@isthmus/testing'
import { PATIENCE, promptly } from '../patience.ts'
import type { World } from '../world.ts'
import { diagnosis, seen, shows, signIn, snapshot } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const STREAM = '/isthmus/events'
const QUESTION = '/isthmus/session'

/** The clock of the page alone, as that of a machine that slept, or whose time is set. */
const ownClock = `<script>
  {
    const now = Date.now
    window.aheadMs = 0
    Date.now = () => now() + aheadMs
  }
</script>`

/** A page of the shop, signed in, with its stream open. */
async function openShop(world: World, open: (url: string) => Promise<Tab>): Promise<{ shop: Tab; sid: string }> {
  world.serve('shop', { head: ownClock })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await follows(shop)
  const { sid } = (await snapshot(shop)) as { sid: string }
  return { shop, sid }
}

async function follows(tab: Tab): Promise<void> {
  await expect.poll(async () => (await diagnosis(tab)).stream, PATIENCE).toBe('open')
}

/** How often the hub was asked for this path so far. */
function asked(world: World, path: string): number {
  return world.hosts.requests.filter((one) => one.host === world.names.hub && one.path.startsWith(path)).length
}

/** Shows the tab, and waits until it shows this, after one question; `requests` is what a question takes. */
async function showsAfterOneQuestion(world: World, tab: Tab, wanted: string, requests = 1): Promise<void> {
  const before = asked(world, QUESTION)
  const startedAt = Date.now()
  await tab.show()
  await shows(tab, wanted)
  // What waits for a second is asked again beside, six times at most: on a slow machine these may be one question.
  const most = Date.now() - startedAt < 1000 ? requests : 7 * requests
  expect(asked(world, QUESTION) - before).toBeGreaterThan(0)
  expect(asked(world, QUESTION) - before).toBeLessThanOrEqual(most)
}

/** The different states that were announced, in their order. */
async function statuses(tab: Tab): Promise<string[]> {
  const all = (await seen(tab)).map(({ status }) => status)
  return all.filter((status, index) => status !== all[index - 1])
}

/** The user is there all the time, until shortly before the session ends at last. */
async function useForHours(world: World, tab: Tab): Promise<void> {
  for (let minutes = 29; minutes < 12 * 60; minutes += 29) {
    world.passTime(29 * MINUTE_MS)
    await tab.evaluate('session.extend().then(() => 1)')
  }
}

test('signed out while the stream was dead in silence: a hidden tab says so when it is shown, after one question', async ({
  world,
  open,
}) => {
  const { shop, sid } = await openShop(world, open)
  world.hosts.silence(world.names.hub, STREAM)
  await shop.hide()
  await world.hub.sessions.revoke(sid)
  expect((await snapshot(shop)).status).toBe('signed-in')
  await showsAfterOneQuestion(world, shop, 'signed-out: revoked')
  expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'signed-out'])
})

test('when every kept connection is dead, the question gets through, and a stream is replaced by what an answer knows', async ({
  world,
  open,
}) => {
  const { shop, sid } = await openShop(world, open)
  await test.step('the question gets through', async () => {
    await shop.hide()
    world.hosts.silence(world.names.hub)
    await world.hub.sessions.update(sid, { claims: { name: 'A new name' } })
    const streams = asked(world, STREAM)
    await shop.show()
    await shows(shop, 'signed in: A new name')
    expect(await statuses(shop)).toEqual(['unknown', 'signed-in'])
    await expect.poll(() => asked(world, STREAM), PATIENCE).toBe(streams + 1)
  })
  await follows(shop)
  world.hosts.silence(world.names.hub, STREAM)
  await shop.hide()
  await world.hub.sessions.update(sid, { claims: { name: 'Another name' } })
  const before = asked(world, STREAM)
  await shop.show()
  await shows(shop, 'signed in: Another name')
  await expect.poll(() => asked(world, STREAM), PATIENCE).toBe(before + 1)
  await follows(shop)
  await world.hub.sessions.revoke(sid)
  await shows(shop, 'signed-out: revoked')
  expect((await diagnosis(shop)).lastChange?.via).toBe('push')
  expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'signed-out'])
})

test('a machine that slept past the idle end: its visible page asks by itself, and says idle', async ({
  world,
  open,
}) => {
  const { shop } = await openShop(world, open)
  world.hosts.silence(world.names.hub, STREAM)
  world.passTime(31 * MINUTE_MS)
  await shop.evaluate(`void (window.aheadMs += ${31 * MINUTE_MS})`)
  await shows(shop, 'signed-out: idle')
  expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'signed-out'])
})

test('a hidden tab that slept past the end says nothing until it is shown, and then which end it was', async ({
  newWorld,
  open,
  privacyWorld,
}) => {
  for (const [end, sleepMs] of [
    ['idle', 31 * MINUTE_MS],
    ['expired', HOUR_MS],
  ] as const) {
    await test.step(end, async () => {
      const world = await newWorld()
      const { shop } = await openShop(world, open)
      if (end === 'expired') await useForHours(world, shop)
      world.hosts.silence(world.names.hub, STREAM)
      await shop.hide()
      world.passTime(sleepMs)
      await shop.evaluate(`void (window.aheadMs += ${sleepMs})`)
      expect((await snapshot(shop)).status).toBe('signed-in')
      // Where a key carries the session, its proof needs a new nonce after so long: the hub gives one with a refusal.
      await showsAfterOneQuestion(world, shop, `signed-out: ${end}`, privacyWorld === 'webkit' ? 2 : 1)
      expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'signed-out'])
      await shop.close()
    })
  }
})

test('the end passes while the hub cannot be reached: unknown, and never signed out by the clock of the page', async ({
  world,
  open,
}) => {
  const { shop } = await openShop(world, open)
  world.passTime(29 * MINUTE_MS)
  await shop.reload()
  await shows(shop, 'signed in: The customer')
  const bringBack = world.cutHub()
  await shows(shop, 'unknown: unreachable')
  await shop.evaluate(`void (window.aheadMs += ${13 * HOUR_MS})`)
  world.passTime(MINUTE_MS)
  await shop.evaluate('session.refresh().then(() => 1)')
  expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'unknown'])

  bringBack()
  await shows(shop, 'signed-out: idle')
})

test('the clock of the page jumps by hours, and the session stays what the hub says', async ({ world, open }) => {
  const { shop, sid } = await openShop(world, open)
  for (const hours of [5, -10]) {
    const before = asked(world, QUESTION)
    await shop.evaluate(`void (window.aheadMs += ${hours * HOUR_MS}, dispatchEvent(new Event('focus')))`)
    await expect.poll(() => asked(world, QUESTION), PATIENCE).toBeGreaterThan(before)
    await shop.evaluate('session.refresh().then(() => 1)')
    expect((await snapshot(shop)).status).toBe('signed-in')
  }
  await world.hub.sessions.revoke(sid)
  await shows(shop, 'signed-out: revoked')
  expect(await statuses(shop)).toEqual(['unknown', 'signed-in', 'signed-out'])
})

test('the network is back: the truth is there without waiting for the next attempt', async ({ world, open }) => {
  const { shop } = await openShop(world, open)
  // Pauses that are longer than the test.
  await shop.evaluate('void (Math.random = () => 1000)')
  const bringBack = world.cutHub()
  await shop.evaluate('session.refresh().then(() => 1)')
  await shows(shop, 'unknown: unreachable')
  bringBack()
  await shop.evaluate("void dispatchEvent(new Event('online'))")
  await shows(shop, 'signed in: The customer')
})

test('a tab that is hidden hears of the end at once, though its timers are slowed down', async ({
  world,
  open,
  privacyWorld,
}) => {
  const { shop, sid } = await openShop(world, open)
  await shop.hide()
  const fourTicksMs = (): Promise<number> =>
    shop.evaluate(`new Promise((resolve) => {
      const startedAt = performance.now()
      let ticks = 0
      const timer = setInterval(() => {
        if (++ticks < 4) return
        clearInterval(timer)
        resolve(performance.now() - startedAt)
      }, 50)
    })`)
  if (privacyWorld === 'webkit') {
    stateFact('WebKitGTK does not slow down the timers of a minimized window.', 'docs/browsers.md')
    await expect.poll(fourTicksMs, PATIENCE).toBeLessThan(2000)
  } else {
    // Chromium begins with it some seconds later.
    await expect.poll(fourTicksMs, PATIENCE).toBeGreaterThan(2000)
  }
  const revokedAt = Date.now()
  await world.hub.sessions.revoke(sid)
  await shows(shop, 'signed-out: revoked')
  const change = (await diagnosis(shop)).lastChange
  expect(change).toMatchObject({ via: 'push' })
  expect((change?.at ?? 0) - revokedAt).toBeLessThan(promptly(2000))
  expect(await shop.evaluate('document.visibilityState')).toBe('hidden')
})
