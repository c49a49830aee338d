import { describe, expect, it } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, NEWS, SHOP, type World } from '../hub.test-world.ts'

const OWN = '__Host-isthmus'
const PARTITIONED = '__Host-isthmus-shop'

/** A frame on the shop in Firefox: the partition's cookie, and that of the browser. */
async function frameOf(browser: Agent, partition: Agent, world: World): Promise<Agent> {
  return world.agent({ ...Object.fromEntries(partition.cookies), [OWN]: browser.cookies.get(OWN) ?? '' })
}

/** Its worker: it has what the partition has, and nothing else. */
function workerOf(frame: Agent, world: World): Agent {
  return world.agent({ [PARTITIONED]: frame.cookies.get(PARTITIONED) ?? '' })
}

// Regression: after the next sign-in in this browser the page went on without a stream, and missed the sign-out.
describe('where the hub’s own cookie gets through to the frame alone, and the partition’s is of a session before', () => {
  it.each(['session', 'hub'] as const)('GET /%s gives the worker the session that the page shows', async (name) => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const partition = await world.link(browser, SHOP)
    await browser.signIn(CLERK)
    const frame = await frameOf(browser, partition, world)
    expect(await workerOf(frame, world).ask('session', SHOP)).toMatchObject({ state: { status: 'unlinked' } })

    const answer = name === 'hub' ? (await frame.embed(SHOP)).answer : await frame.ask('session', SHOP)
    expect(answer).toMatchObject({ carrier: 'cookie', state: { user: { sub: 'clerk' } } })
    expect(await workerOf(frame, world).ask('session', SHOP)).toMatchObject({
      carrier: 'partitioned',
      state: { status: 'signed-in', user: { sub: 'clerk' } },
    })
  })

  it('no more than that: no cookie where the partition has none, has the same session, or nobody is signed in', async () => {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const partition = await world.link(browser, SHOP)
    const same = await frameOf(browser, partition, world)
    const none = await frameOf(browser, world.agent(), world)
    for (const frame of [same, none]) {
      expect((await frame.call('session', SHOP)).headers.getSetCookie()).toEqual([])
      expect((await frame.call('hub', SHOP, { headers: { referer: `${SHOP}/` } })).headers.getSetCookie()).toEqual([])
    }
    await browser.signIn(CLERK)
    const moved = await frameOf(browser, partition, world)
    // Another site's is not touched, and a page that asks by itself has no worker.
    expect((await moved.call('session', NEWS)).headers.getSetCookie()).toEqual([])
    const across = await moved.send('/isthmus/session', { headers: { origin: SHOP, 'sec-fetch-site': 'cross-site' } })
    expect(across.headers.getSetCookie()).toEqual([])
    await browser.ask('signOut', SHOP)
    expect((await moved.call('session', SHOP)).headers.getSetCookie()).toEqual([])
  })
})
