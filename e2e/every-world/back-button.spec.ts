import type { Snapshot } from '@isthmus/client'
import type { Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { diagnosis, seen, shows, signIn, signOut, snapshot } from './acts.ts'
import { expect, test } from './fixtures.ts'

/** Notes each restore in the tab, and how much was announced before it: its listener is older than the SDK's. */
const watchRestores = `<script>
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    sessionStorage.restored = true
    window.announcedBefore = seen.length
  })
</script>`

/** A page of the shop, signed in, with its stream open. */
async function openShop(world: World, open: (url: string) => Promise<Tab>): Promise<Tab> {
  world.serve('shop', { head: watchRestores })
  // A site that has nothing to do with the hub.
  world.hosts.set(world.names.evil, (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Elsewhere</h1>'),
  )
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await follows(shop)
  return shop
}

async function follows(tab: Tab): Promise<void> {
  await expect.poll(async () => (await diagnosis(tab)).stream, PATIENCE).toBe('open')
}

/** Goes elsewhere, and stays until that page is loaded: nobody presses a button within milliseconds. */
async function leave(tab: Tab, url: string): Promise<void> {
  await tab.goto(url)
  await tab.waitFor("document.readyState === 'complete'")
}

/** Presses the back button. The page comes from the back-forward cache, or the test fails. */
async function goBack(tab: Tab): Promise<void> {
  await tab.back()
  await tab.waitFor('Boolean(sessionStorage.restored)', { timeoutMs: PATIENCE.timeout })
}

/** What was announced since the page was restored. */
async function sinceRestored(tab: Tab): Promise<Snapshot[]> {
  return (await seen(tab)).slice(await tab.evaluate<number>('announcedBefore'))
}

/** What the hub was asked since then, by path; beside that, its worker opens the stream again. */
function askedSince(world: World, before: number): string[] {
  return world.hosts.requests
    .slice(before)
    .filter(({ host }) => host === world.names.hub)
    .map(({ path }) => path.replace(/\?.*/, ''))
    .filter((path) => path !== '/isthmus/events' && !path.startsWith('/isthmus/assets/'))
}

test('the back button restores the page with its stream, and nobody counts as signed in before the hub said so', async ({
  world,
  open,
}) => {
  const shop = await openShop(world, open)
  await leave(shop, world.url('evil'))
  const before = world.hosts.requests.length
  await goBack(shop)
  await shows(shop, 'signed in: The customer')

  const [doubt, fresh, ...more] = await sinceRestored(shop)
  expect(doubt).toMatchObject({ status: 'unknown', reason: 'loading', stale: true })
  expect(doubt).toMatchObject({ last: { status: 'signed-in', user: { name: 'The customer' }, stale: true } })
  expect(fresh).toMatchObject({ status: 'signed-in', stale: false })
  expect(more).toEqual([])
  await follows(shop)
  // The frame was restored with its page: a question, which is asked again where it waits for a second, and no document.
  expect(new Set(askedSince(world, before))).toEqual(new Set(['/isthmus/session']))

  await test.step('and what happens later is pushed to it', async () => {
    const { sid } = (await snapshot(shop)) as { sid: string }
    await world.hub.sessions.revoke(sid)
    await shows(shop, 'signed-out: revoked')
    expect((await diagnosis(shop)).lastChange?.via).toBe('push')
  })
})

test('a page that was left by a link to another one of its site is restored too', async ({ world, open }) => {
  const shop = await openShop(world, open)
  await shop.click('text=Another page')
  await shop.waitFor("location.pathname === '/other' && window.session?.current.status === 'signed-in'")
  await follows(shop)
  await goBack(shop)
  await shows(shop, 'signed in: The customer')
  // The click was reported to the hub; whatever became of that says nothing of the hub now.
  expect((await sinceRestored(shop)).map(({ status }) => status)).toEqual(['unknown', 'signed-in'])
})

test('signed out on the next site, the page that the back button restores says so at once', async ({ world, open }) => {
  const shop = await openShop(world, open)
  await shop.goto(world.url('news'))
  await shows(shop, 'signed in: The customer')
  await signOut(shop)
  await shows(shop, 'signed-out: logout')
  const before = world.hosts.requests.length
  await goBack(shop)
  await shows(shop, 'signed-out: logout')

  expect((await sinceRestored(shop)).map(({ status }) => status)).toEqual(['unknown', 'signed-out'])
  // The stream, opened again, may hear of the end too, and ask; but no document is loaded.
  expect(new Set(askedSince(world, before))).toEqual(new Set(['/isthmus/session']))
})

test('somebody else signed in meanwhile: the restored page shows them, and the one before no more', async ({
  world,
  open,
}) => {
  const shop = await openShop(world, open)
  const hub = await open(world.url('hub', '/login'))
  await leave(shop, world.url('evil'))
  await hub.fill('label=User', 'clerk')
  await hub.click('text=Sign in')
  await hub.waitFor("document.querySelector('h1')?.textContent === 'Auth domain'")
  await goBack(shop)
  await shows(shop, 'signed in: The clerk')
  // Where the partition has to be linked anew, this is the page after that.
  const since = (await seen(shop)).slice(await shop.evaluate<number>('window.announcedBefore ?? 0'))
  expect(JSON.stringify(since.filter(({ status }) => status === 'signed-in'))).not.toContain('The customer')
})

test('restored while the hub cannot be reached: unknown, with what was known last', async ({ world, open }) => {
  const shop = await openShop(world, open)
  await leave(shop, world.url('evil'))
  const bringBack = world.cutHub()
  await goBack(shop)
  await shows(shop, 'unknown: unreachable')
  const doubts = await sinceRestored(shop)
  expect(doubts.map(({ status }) => status)).not.toContain('signed-in')
  expect(doubts.at(-1)).toMatchObject({ last: { status: 'signed-in', user: { name: 'The customer' } } })

  bringBack()
  await shows(shop, 'signed in: The customer')
  await follows(shop)
  expect((await seen(shop)).map(({ status }) => status)).not.toContain('signed-out')

  await test.step('restored after an end from elsewhere, it says so at once', async () => {
    await shop.evaluate('sessionStorage.removeItem("restored")')
    const { sid } = (await snapshot(shop)) as { sid: string }
    await leave(shop, world.url('evil'))
    await world.hub.sessions.revoke(sid)
    await goBack(shop)
    await shows(shop, 'signed-out: revoked')
    expect((await sinceRestored(shop)).map(({ status }) => status)).toEqual(['unknown', 'signed-out'])
  })
})
