import type { Snapshot } from '@isthmus/client'
import type { Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { diagnosis, seen, shows, signIn, snapshot } from './acts.ts'
import { expect, test } from './fixtures.ts'

const MINUTE_MS = 60_000

/** The pages' own clock, which goes with the hub's, and the warnings that they were given. */
const head = `<script>
  {
    const now = Date.now
    window.aheadMs = 0
    Date.now = () => now() + aheadMs
    window.warnings = []
    document.addEventListener('isthmus:expiring', ({ detail }) => warnings.push(detail.secondsLeft))
  }
</script>`

const DISPATCH = '((target, Kind, name) => target.dispatchEvent(new Kind(name, { bubbles: true })))'

/** Two tabs of the shop and one of the news, signed in, with their streams open. */
async function openTabs(world: World, open: (url: string) => Promise<Tab>): Promise<readonly [Tab, Tab, Tab]> {
  for (const site of ['shop', 'news'] as const) world.serve(site, { head })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const tabs = [shop, await open(world.url('shop', '/second')), await open(world.url('news'))] as const
  for (const tab of tabs) {
    await shows(tab, 'signed in: The customer')
    await expect.poll(async () => (await diagnosis(tab)).stream, PATIENCE).toBe('open')
  }
  return tabs
}

/** Lets time pass for the hub, and for the clocks of these pages. */
async function pass(world: World, tabs: readonly Tab[], ms: number): Promise<void> {
  world.passTime(ms)
  for (const tab of tabs) await tab.evaluate(`void (window.aheadMs += ${ms})`)
}

function touches(world: World): number {
  return world.hosts.requests.filter(({ host, path }) => host === world.names.hub && path.startsWith('/isthmus/touch'))
    .length
}

async function idleEnd(tab: Tab): Promise<number> {
  return ((await snapshot(tab)) as { idleExpiresAt: number }).idleExpiresAt
}

/** Waits until all tabs know of the same idle end, later than this one. */
async function untilAllKnow(tabs: readonly Tab[], after: number): Promise<number> {
  await expect.poll(async () => Math.min(...(await Promise.all(tabs.map(idleEnd)))), PATIENCE).toBeGreaterThan(after)
  const ends = new Set(await Promise.all(tabs.map(idleEnd)))
  expect(ends.size).toBe(1)
  return Math.max(...ends)
}

/** A user who reads on: a key and a click. What the page had to say of them it has said when this returns. */
async function act(tab: Tab): Promise<void> {
  await tab.press('a')
  await tab.click('h1')
  await tab.evaluate('session.refresh().then(() => 1)')
}

test('activity on any site keeps the session alive for all, and is told to the hub once a minute by all tabs together', async ({
  world,
  open,
}) => {
  const tabs = await openTabs(world, open)
  const [shop, second, news] = tabs
  // Signing in was activity enough.
  for (const tab of tabs) await act(tab)
  expect(touches(world)).toBe(0)

  await pass(world, tabs, MINUTE_MS)
  const first = await idleEnd(shop)
  await act(second)
  const afterKey = await untilAllKnow(tabs, first)
  expect(afterKey - first).toBeGreaterThanOrEqual(MINUTE_MS)
  for (const tab of [news, shop, second, news]) await act(tab)
  expect(touches(world)).toBe(1)

  await pass(world, tabs, MINUTE_MS)
  await act(news)
  const afterNews = await untilAllKnow(tabs, afterKey)
  for (const tab of tabs) await act(tab)
  expect(touches(world)).toBe(2)

  await test.step('a touch is announced once in each tab, and changes nothing but the idle end', async () => {
    await pass(world, tabs, MINUTE_MS)
    const known = await Promise.all(tabs.map(seen))
    await act(shop)
    await untilAllKnow(tabs, afterNews)
    for (const [index, tab] of tabs.entries()) {
      await tab.evaluate('session.refresh().then(() => 1)')
      const [last, ...announced] = (await seen(tab)).slice((known[index]?.length ?? 0) - 1)
      expect(announced.map(timeless)).toEqual([timeless(last)])
    }
  })

  await test.step('a tab that is opened within the minute knows that the others have told', async () => {
    const late = await open(world.url('news', '/late'))
    await shows(late, 'signed in: The customer')
    await act(late)
    expect(touches(world)).toBe(3)
  })
})

// Regression: an editor's frame tells the page of nothing, and the session idled out under the author.
test('what a user does in an editor’s frame, with a canvas or with a file that is dragged in is activity, too', async ({
  world,
  open,
}) => {
  const editor = `<script>addEventListener('DOMContentLoaded', () => {
    const frame = document.createElement('iframe')
    frame.srcdoc = '<textarea></textarea>'
    const canvas = document.createElement('canvas')
    // Its drawing program keeps all events to itself.
    canvas.addEventListener('pointerdown', (event) => event.stopImmediatePropagation())
    document.body.prepend(frame, canvas)
  })</script>`
  world.serve('shop', { head: head + editor })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const frame = shop.frame('about:srcdoc')
  const acts: readonly [how: string, act: () => Promise<unknown>][] = [
    ['the focus comes to the frame', () => frame.click('textarea')],
    ['a key in the frame', () => shop.press('a')],
    ['a stroke', () => shop.evaluate(`${DISPATCH}(document.querySelector('canvas'), PointerEvent, 'pointerdown')`)],
    ['a file over the page', () => shop.evaluate(`${DISPATCH}(document.body, DragEvent, 'dragenter')`)],
  ]
  for (const [index, [how, act]] of acts.entries())
    await test.step(how, async () => {
      await pass(world, [shop], MINUTE_MS)
      const before = await idleEnd(shop)
      await act()
      await expect.poll(() => touches(world), PATIENCE).toBe(index + 1)
      // The answer is here, and not under way while the clock of the page goes on.
      await expect.poll(() => idleEnd(shop), PATIENCE).toBeGreaterThan(before)
    })
})

test('a minute before the end every visible tab is warned, a hidden one when it is shown; extend() is for all', async ({
  world,
  open,
}) => {
  const tabs = await openTabs(world, open)
  const [shop, second, news] = tabs
  await second.hide()
  await pass(world, tabs, 29 * MINUTE_MS + 5000)
  for (const tab of [shop, news]) await expect.poll(() => warnings(tab), PATIENCE).toHaveLength(1)
  expect(await warnings(second)).toEqual([])
  await second.show()
  await expect.poll(() => warnings(second), PATIENCE).toHaveLength(1)
  for (const tab of tabs) {
    const [seconds] = await warnings(tab)
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(55)
  }

  const before = await idleEnd(shop)
  await news.evaluate('session.extend().then(() => 1)')
  const after = await untilAllKnow(tabs, before)
  expect(after - before).toBeGreaterThan(28 * MINUTE_MS)
  await pass(world, tabs, MINUTE_MS)
  for (const tab of tabs) {
    await tab.evaluate('session.refresh().then(() => 1)')
    expect((await snapshot(tab)).status).toBe('signed-in')
    expect(await warnings(tab)).toHaveLength(1)
  }

  // Nobody stays: warned once more, and out.
  await pass(world, tabs, 28 * MINUTE_MS + 5000)
  for (const tab of tabs) await expect.poll(() => warnings(tab), PATIENCE).toHaveLength(2)
  await pass(world, tabs, MINUTE_MS)
  for (const tab of tabs) {
    await shows(tab, 'signed-out: idle')
    expect((await seen(tab)).at(-2)?.status).toBe('signed-in')
  }
  expect(touches(world)).toBe(1)
})

function warnings(tab: Tab): Promise<number[]> {
  return tab.evaluate('warnings')
}

function timeless(snapshot: Snapshot | undefined): object {
  return { ...snapshot, idleExpiresAt: 0, revision: 0 }
}
