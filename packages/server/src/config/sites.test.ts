import type { Origin } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createWorld, NEWS, SHOP, SITES, type World } from '../hub.test-world.ts'
import { type HubConfig, parseSites } from './hub-config.ts'
import { indexSites } from './sites.ts'

const FRESH_MS = 30_000

/** A hub whose sites come from a function that tests change, and how often it was asked. */
async function worldWith(read: () => unknown): Promise<World & { reads: () => number }> {
  let reads = 0
  const sites = (): unknown => {
    reads += 1
    return read()
  }
  const world = await createWorld({ sites: sites as Extract<HubConfig['sites'], () => unknown> })
  onTestFinished(() => world.hub.close())
  return { ...world, reads: () => reads }
}

async function statusFor(world: World, origin: string): Promise<number> {
  return (await world.agent().call('session', origin)).status
}

describe('a function that gives the sites', () => {
  it('is asked at start, and again after 30 s at most', async () => {
    let sites = SITES.slice(0, 1)
    const world = await worldWith(async () => sites)
    expect(world.reads()).toBe(1)
    expect(await statusFor(world, SHOP)).toBe(200)
    expect(await statusFor(world, NEWS)).toBe(403)

    sites = SITES.slice(1)
    world.pass(FRESH_MS)
    expect(await statusFor(world, NEWS)).toBe(403)
    expect(world.reads()).toBe(1)

    world.pass(1)
    const statuses = await Promise.all([NEWS, SHOP, NEWS].map((origin) => statusFor(world, origin)))
    expect(statuses).toEqual([200, 403, 200])
    expect(world.reads()).toBe(2)
  })

  // The age of the list was negative then, and stayed so for as long as the clock had been set back.
  it('is asked again when the clock was set back', async () => {
    let sites = SITES.slice(0, 1)
    const world = await worldWith(() => sites)
    sites = SITES.slice(1)
    world.pass(-3_600_000)
    expect(await statusFor(world, NEWS)).toBe(200)
    expect(await statusFor(world, SHOP)).toBe(403)
    expect(world.reads()).toBe(2)
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'sites is missing; it needs a list'],
    ['a text', 'shop', 'sites needs a list, not a string'],
    [
      'rows of another table',
      [{ user: 1 }],
      'sites[0].id is missing; it needs a string; sites[0].origins is missing; it needs a list; sites[0].user is no option; there are id, name, origins, claims, groups, cookieDomains, backchannelLogoutUri, returnPaths, subject',
    ],
    [
      'an origin with a path',
      [{ id: 'shop', origins: [`${SHOP}/`] }],
      `sites[0].origins[0] is "${SHOP}/"; write the bare origin: "${SHOP}"`,
    ],
    ['one id twice', [SITES[0], SITES[0]], 'sites[1].id is "shop", as that of another site; ids are unique'],
  ])('that gives %s stops the start', async (_, garbage, sentence) => {
    for (const read of [() => garbage, async () => garbage]) {
      await expect(worldWith(read)).rejects.toMatchObject({
        code: 'config-invalid',
        message: `createHub: ${sentence}.`,
      })
    }
  })

  it('that fails at start stops it with its own error', async () => {
    const failure = new Error('no database')
    await expect(worldWith(() => Promise.reject(failure))).rejects.toBe(failure)
    await expect(
      worldWith(() => {
        throw failure
      }),
    ).rejects.toBe(failure)
  })

  it.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('database down'))],
    [
      'throws',
      () => {
        throw new Error('database down')
      },
    ],
    ['gives garbage', () => [{ id: 'shop', origins: ['*'] }]],
  ])('that %s later keeps the previous list, and is told as an error', async (_, fail) => {
    let read: () => unknown = () => SITES
    const world = await worldWith(() => read())
    const errors: unknown[] = []
    world.hub.on('error', (event) => errors.push(event))
    read = fail
    world.pass(FRESH_MS + 1)
    expect(await statusFor(world, SHOP)).toBe(200)
    expect(await statusFor(world, NEWS)).toBe(200)
    expect(errors).toEqual([{ error: expect.any(Error), path: 'sites' }])

    read = () => SITES.slice(1)
    world.pass(FRESH_MS + 1)
    expect(await statusFor(world, SHOP)).toBe(403)
    expect(world.reads()).toBe(3)
  })
})

describe('one origin that serves several sites', () => {
  const sites = [
    { id: 'shop', origins: [SHOP] },
    { id: 'desk', origins: [SHOP, NEWS] },
  ]

  it('says which one asks', async () => {
    await using world = await createWorld({ sites })
    const asks = (site?: string): Promise<Response> =>
      world.agent().call('session', SHOP, { headers: { 'isthmus-site': site } })
    expect(await (await asks('shop')).json()).toMatchObject({ site: 'shop' })
    expect(await (await asks('desk')).json()).toMatchObject({ site: 'desk' })
    expect((await asks('staff')).status).toBe(403)

    const unsaid = await asks()
    expect(unsaid.status).toBe(400)
    expect(await unsaid.json()).toEqual({
      error: 'invalid-request',
      message: 'https://shop.example serves the sites "shop" and "desk": name one with the option "site".',
    })
  })

  it('says so in the address of the hub page', async () => {
    await using world = await createWorld({ sites })
    const visit = (site: string): Promise<Response> =>
      world.agent().send(`/isthmus/hub?site=${site}`, { headers: { referer: `${SHOP}/` } })
    expect(await (await visit('desk')).text()).toContain('"site":"desk"')
    expect((await visit('staff')).status).toBe(403)
  })
})

describe('10,000 sites', () => {
  const sites = Array.from({ length: 10_000 }, (_, index) => ({
    id: `site-${index}`,
    origins: [`https://www.site-${index}.example`],
    cookieDomains: [`site-${index}.example`],
  }))

  // Every request looked through all origins of all sites.
  it('are looked up by index: a request touches no other site', async () => {
    const looked = new Set<string>()
    const parsed = parseSites(sites)
    const watched = parsed.map(
      (site) =>
        new Proxy(site, {
          get(target, key) {
            looked.add(target.id)
            return Reflect.get(target, key)
          },
        }),
    )
    const register = indexSites(watched)
    looked.clear()
    expect(register.byOrigin.get(parsed[7_777]?.origins[0] as Origin)?.[0]?.id).toBe('site-7777')
    expect(register.byId.get('site-5')?.origins).toEqual(['https://www.site-5.example'])
    expect([...looked]).toEqual(['site-7777', 'site-5'])
  })

  it('make no answer longer', async () => {
    await using few = await createWorld({ sites: sites.slice(0, 3) })
    await using many = await createWorld({ sites })
    const sizes = await Promise.all(
      [few, many].map(async (world) => {
        const response = await world.agent().send('/isthmus/hub?origin=https://www.site-1.example')
        return JSON.stringify([...response.headers]).length
      }),
    )
    expect(sizes[0]).toBe(sizes[1])
  })
})
