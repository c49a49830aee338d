import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IDLE_LIFETIME_MS } from '@isthmus/protocol'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { says, startReceiver } from './backchannel/receiver.test-world.ts'
import { holdTime } from './held-time.test-world.ts'
import { type Agent, CLERK, CUSTOMER, createWorld, NEWS, SHOP, STAFF, START, type World } from './hub.test-world.ts'
import { lmdbStore } from './store/lmdb.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-restart-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A hub on the folder; its clock goes on where the one before it stopped. */
function start(): Promise<World> {
  return createWorld({ store: lmdbStore({ path: folder, clock: () => START }) })
}

/** The same cookies, before another hub. */
const again = (world: World, agent: Agent): Agent => world.agent(Object.fromEntries(agent.cookies))

it('a restart loses nothing: sessions, partitions, tickets, ends and guests', async () => {
  const before = await start()
  const browser = before.agent()
  const guest = before.agent()
  const gone = before.agent()
  const guestChild = await before.link(guest, NEWS)
  await browser.signIn(CUSTOMER)
  await gone.signIn(CLERK)
  const goneChild = await before.link(gone, STAFF)
  await gone.ask('signOut', STAFF)
  const child = await before.link(browser, SHOP)
  const used = await before.ticket(browser, `${NEWS}/`)
  await before.agent().ask('redeem', NEWS, { body: JSON.stringify(used) })
  const open = await before.ticket(browser, `${NEWS}/`)
  await child.ask('touch', SHOP)
  const [own, ofChild, ofGone] = await Promise.all([
    browser.ask('session', SHOP),
    child.ask('session', SHOP),
    goneChild.ask('session', STAFF),
  ])
  expect(own).toMatchObject({ carrier: 'cookie', state: { status: 'signed-in', user: { name: 'Customer' } } })
  expect(ofGone).toMatchObject({ carrier: 'partitioned', state: { status: 'signed-out', reason: 'logout' } })
  await before.hub.close()

  const world = await start()
  expect(await again(world, browser).ask('session', SHOP)).toEqual(own)
  expect(await again(world, child).ask('session', SHOP)).toEqual(ofChild)
  expect(await again(world, goneChild).ask('session', STAFF)).toEqual(ofGone)
  expect(await world.hub.sessions.list('customer')).toHaveLength(1)
  expect((await world.agent().call('redeem', NEWS, { body: JSON.stringify(used) })).status).toBe(410)
  const linked = world.agent()
  expect(await linked.ask('redeem', NEWS, { body: JSON.stringify(open) })).toMatchObject({
    carrier: 'partitioned',
    state: { status: 'signed-in', user: { email: 'customer@mail.example' } },
  })
  await again(world, guest).signIn(CLERK)
  expect(await again(world, guestChild).ask('session', NEWS)).toMatchObject({ state: { status: 'unlinked' } })
  await linked.ask('signOut', NEWS)
  await world.hub.close()

  await using last = await start()
  for (const agent of [browser, child]) {
    expect(await again(last, agent).ask('session', SHOP)).toMatchObject({
      state: { status: 'signed-out', reason: 'logout' },
    })
  }
  expect(await last.hub.sessions.list('customer')).toEqual([])
  expect(await last.hub.sessions.list('clerk')).toHaveLength(1)
})

it('a site that was not told before a restart is told after it', async () => {
  await using shop = await startReceiver(says(500))
  const sites = [{ id: 'shop', origins: [SHOP], backchannelLogoutUri: shop.uri }]
  const time = holdTime(START)
  const startAt = (): Promise<World> =>
    createWorld({ store: lmdbStore({ path: folder, clock: time.clock }), sites }, time)

  const before = await startAt()
  const failed = new Promise((resolve) => before.hub.on('delivery', resolve))
  const browser = before.agent()
  await browser.signIn(CUSTOMER)
  const { sid } = (await browser.ask('session', SHOP)).state as { sid: string }
  const idle = before.agent()
  await idle.signIn(CUSTOMER)
  await idle.ask('session', SHOP)
  await browser.ask('signOut', SHOP)
  expect(await failed).toMatchObject({ sid, ok: false, status: 500 })
  await before.hub.close()

  // While the hub is down, the site comes back and the other session runs out.
  shop.behave(says(200))
  shop.received.length = 0
  time.pass(IDLE_LIFETIME_MS + 1000)
  await using after = await startAt()
  const told: unknown[] = []
  after.hub.on('delivery', (event) => told.push(event))
  after.pass(1000)
  await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 5000, interval: 5 })
  expect(told).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ sid, ok: true, attempt: 2 }),
      expect.objectContaining({ ok: true, attempt: 1 }),
    ]),
  )
  expect(shop.received.map(({ claims }) => claims.sub)).toEqual(['customer', 'customer'])
})

it('the files hold no secret in clear', async () => {
  const world = await start()
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  const child = await world.link(browser, SHOP)
  const { ticket } = await world.ticket(browser, `${NEWS}/`)
  await world.hub.close()
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  const bytes = Buffer.concat(await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name)))))
  expect(bytes.includes('"sub":"customer"')).toBe(true)
  for (const secret of [ticket, ...browser.cookies.values(), ...child.cookies.values()]) {
    expect(bytes.includes(secret)).toBe(false)
  }
})
