import { IDLE_LIFETIME_MS, IsthmusError } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Agent, CLERK, CUSTOMER, createWorld, SHOP, type World } from './hub.test-world.ts'
import type { HubEventMap } from './hub-events.ts'

async function signedIn(world: World, subject = CUSTOMER): Promise<Agent> {
  const browser = world.agent()
  await browser.signIn(subject)
  return browser
}

async function sidOf(browser: Agent): Promise<string> {
  return ((await browser.ask('session', SHOP)).state as { sid: string }).sid
}

/** Everything that the hub tells, in order. */
function listen(world: World): [keyof HubEventMap, object][] {
  const told: [keyof HubEventMap, object][] = []
  for (const name of ['sign-in', 'sign-out', 'link', 'denied', 'error'] as const) {
    world.hub.on(name, (event) => told.push([name, event]))
  }
  return told
}

describe('signIn', () => {
  it.each<[string, unknown, string]>([
    ['nobody', undefined, 'signIn: sub is 1 to 255 characters, the same for this user at every sign-in.'],
    ['no sub', {}, 'signIn: sub is 1 to 255 characters, the same for this user at every sign-in.'],
    ['a number', { sub: 7 }, 'signIn: sub is 1 to 255 characters, the same for this user at every sign-in.'],
    ['an empty sub', { sub: '' }, 'signIn: sub is 1 to 255 characters, the same for this user at every sign-in.'],
    [
      'a sub that is too long',
      { sub: 'x'.repeat(256) },
      'signIn: sub is 1 to 255 characters, the same for this user at every sign-in.',
    ],
    ['claims that are a list', { sub: 'customer', claims: ['name'] }, 'signIn: claims is an object.'],
    ['claims that are null', { sub: 'customer', claims: null }, 'signIn: claims is an object.'],
    [
      'groups in one text, where parts would match',
      { sub: 'customer', groups: 'not-staff' },
      'signIn: groups is a list of strings.',
    ],
    ['groups that are no texts', { sub: 'customer', groups: [1] }, 'signIn: groups is a list of strings.'],
  ])('refuses %s, and stores nothing', async (_, subject, message) => {
    await using world = await createWorld()
    const told = listen(world)
    const refused = world.agent().signIn(subject as never)
    await expect(refused).rejects.toBeInstanceOf(IsthmusError)
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request', message })
    expect(await world.dump()).toBe('[]')
    expect(told).toEqual([])
  })

  it('takes what node:http and Express hand to a handler', async () => {
    await using world = await createWorld()
    const [browser] = [await signedIn(world)]
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`)
    for (const headers of [{ cookie: cookie.join('; ') }, { cookie }]) {
      expect(await world.hub.sessions.current({ headers, url: '/' })).toMatchObject({ sub: 'customer' })
    }
    const away = await browser.visit(`/isthmus/login?return_to=${SHOP}/back&prompt=login`, {
      headers: { referer: `${SHOP}/` },
    })
    const address = away.headers.get('location') ?? ''
    const begun = away.headers.getSetCookie()[0]?.split(';')[0]
    const express = { headers: { cookie: [...cookie, begun].join('; ') }, url: '/', originalUrl: address }
    expect((await world.hub.signIn(express, CLERK)).redirectTo).toMatch(/^\/isthmus\/continue\?pending=/)
    const node = { headers: { cookie: begun }, url: `${address}#x` }
    expect((await world.hub.signIn(node, CLERK)).redirectTo).toMatch(/^\/isthmus\/continue\?pending=/)
    expect(await world.hub.sessions.list('customer')).toEqual([])
  })
})

describe('a browser from before an update', () => {
  it('has no Lax cookie: signed in on the sites as before, and once more at the hub, which ends the old session', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const partition = await world.link(browser, SHOP)
    browser.cookies.delete('__Host-isthmus.session')
    browser.cookies.set('__Host-isthmus.login', `return_to=${SHOP}/`)
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
    expect(await world.hub.sessions.current(browser.request('/'))).toBeUndefined()
    expect((await browser.visit('/isthmus/account')).headers.get('location')).toMatch(/^\/login\?isthmus=/)
    expect((await browser.signIn(CLERK)).redirectTo).toMatch(/^\/isthmus\/continue\?/)
    expect(await partition.ask('session', SHOP)).toMatchObject({ state: { status: 'unlinked' } })
    expect(await world.hub.sessions.list('customer')).toEqual([])
  })
})

describe('sessions', () => {
  it('are listed without anything that opens them', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const session = {
      sid: await sidOf(browser),
      ...CUSTOMER,
      createdAt: world.now(),
      expiresAt: world.now() + 12 * 3_600_000,
      idleExpiresAt: world.now() + IDLE_LIFETIME_MS,
      seenAt: world.now(),
      device: {},
      sites: [{ site: 'shop', firstAt: world.now(), lastAt: world.now() }],
    }
    expect(await world.hub.sessions.list('customer')).toEqual([session])
    expect(await world.hub.sessions.current(browser.request('/'))).toEqual(session)
    expect(JSON.stringify(session)).not.toContain(browser.cookies.get('__Host-isthmus'))
  })

  it('are listed for exactly one user, while they live', async () => {
    await using world = await createWorld()
    await signedIn(world, { sub: 'a' })
    await signedIn(world, { sub: 'a/b' })
    await signedIn(world, { sub: 'ab' })
    expect((await world.hub.sessions.list('a')).map(({ sub }) => sub)).toEqual(['a'])
    expect((await world.hub.sessions.list('a/b')).map(({ sub }) => sub)).toEqual(['a/b'])
    expect(await world.hub.sessions.list('')).toEqual([])
    world.pass(IDLE_LIFETIME_MS)
    expect(await world.hub.sessions.list('a')).toEqual([])
  })

  it('are revoked one by one', async () => {
    await using world = await createWorld()
    const [laptop, phone] = [await signedIn(world), await signedIn(world)]
    const sid = await sidOf(laptop)
    expect(await world.hub.sessions.revoke(sid)).toBe(true)
    expect(await world.hub.sessions.revoke(sid)).toBe(false)
    expect(await world.hub.sessions.revoke('nobody')).toBe(false)
    expect(await laptop.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-out', reason: 'revoked' } })
    expect(await phone.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it('are revoked all at once', async () => {
    await using world = await createWorld()
    const [laptop, phone, other] = [await signedIn(world), await signedIn(world), await signedIn(world, CLERK)]
    await laptop.ask('signOut', SHOP)
    await laptop.signIn(CUSTOMER)
    expect(await world.hub.sessions.revokeAll('customer')).toBe(2)
    expect(await world.hub.sessions.revokeAll('customer')).toBe(0)
    for (const browser of [laptop, phone]) {
      expect(await browser.ask('session', SHOP)).toMatchObject({ state: { reason: 'revoked' } })
    }
    expect(await other.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })
})

describe('sessions.update', () => {
  it('changes groups and claims, each alone, with a revision that grows; the rest stays', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const sid = await sidOf(browser)
    const before = await world.hub.sessions.current(browser.request('/'))
    const revisions = [(await browser.ask('session', SHOP)).state.revision]
    expect(await world.hub.sessions.update(sid, { claims: { name: 'Customer L.' } })).toBe(true)
    expect(await world.hub.sessions.current(browser.request('/'))).toEqual({
      ...before,
      claims: { name: 'Customer L.' },
    })
    revisions.push((await browser.ask('session', SHOP)).state.revision)
    expect(await world.hub.sessions.update(sid, { groups: ['staff'] })).toBe(true)
    expect(await world.hub.sessions.current(browser.request('/'))).toEqual({
      ...before,
      claims: { name: 'Customer L.' },
      groups: ['staff'],
    })
    const { state } = await browser.ask('session', SHOP)
    expect(state).toHaveProperty('user', { sub: 'customer', name: 'Customer L.' })
    revisions.push(state.revision)
    expect(new Set(revisions).size).toBe(3)
    expect([...revisions].sort()).toEqual(revisions)
  })

  it('that changes nothing announces nothing', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const before = await browser.ask('session', SHOP)
    expect(
      await world.hub.sessions.update(await sidOf(browser), { ...CUSTOMER, sub: undefined } as never).catch(() => 0),
    ).toBe(0)
    expect(
      await world.hub.sessions.update(await sidOf(browser), { groups: ['customers'], claims: CUSTOMER.claims ?? {} }),
    ).toBe(true)
    expect(await world.hub.sessions.update(await sidOf(browser), {})).toBe(true)
    expect(await browser.ask('session', SHOP)).toEqual(before)
  })

  it('loses none of many changes at once', async () => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const sid = await sidOf(browser)
    world.pass(60_000)
    await Promise.all([
      ...Array.from({ length: 10 }, (_, round) =>
        world.hub.sessions.update(sid, { claims: { name: `Customer ${round}` } }),
      ),
      ...Array.from({ length: 10 }, () => browser.ask('touch', SHOP)),
      world.hub.sessions.update(sid, { groups: ['staff'] }),
    ])
    expect(await world.hub.sessions.current(browser.request('/'))).toMatchObject({
      groups: ['staff'],
      claims: { name: expect.stringMatching(/^Customer \d$/) },
    })
  })

  it('raises nobody from the dead', async () => {
    await using world = await createWorld()
    const [gone, idle] = [await signedIn(world), await signedIn(world)]
    const [goneSid, idleSid] = [await sidOf(gone), await sidOf(idle)]
    await gone.ask('signOut', SHOP)
    expect(await world.hub.sessions.update(goneSid, { groups: ['staff'] })).toBe(false)
    world.pass(IDLE_LIFETIME_MS)
    expect(await world.hub.sessions.update(idleSid, { groups: ['staff'] })).toBe(false)
    expect(await world.hub.sessions.update('nobody', { groups: ['staff'] })).toBe(false)
    expect(await world.hub.sessions.list('customer')).toEqual([])
  })

  it.each<[unknown, string]>([
    [undefined, 'the change is an object.'],
    ['staff', 'the change is an object.'],
    [{ groups: 'not-staff' }, 'groups is a list of strings.'],
    [{ groups: [1] }, 'groups is a list of strings.'],
    [{ groups: null }, 'groups is a list of strings.'],
    [{ claims: [] }, 'claims is an object.'],
    [{ claims: null }, 'claims is an object.'],
    [{ sub: 'clerk' }, '"sub" cannot be changed; there are claims and groups.'],
    [{ group: ['staff'] }, '"group" cannot be changed; there are claims and groups.'],
  ])('refuses %j, and changes nothing', async (change, sentence) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const before = await browser.ask('session', SHOP)
    await expect(world.hub.sessions.update(await sidOf(browser), change as never)).rejects.toMatchObject({
      code: 'invalid-request',
      message: `sessions.update: ${sentence}`,
    })
    expect(await browser.ask('session', SHOP)).toEqual(before)
  })
})

describe('on', () => {
  it('tells what happens, once each, without a secret', async () => {
    await using world = await createWorld()
    const told = listen(world)
    const browser = await signedIn(world)
    const sid = await sidOf(browser)
    const partition = await world.link(browser, SHOP)
    await browser.call('session', 'https://evil.example', { headers: { origin: 'https://evil.example' } })
    await partition.ask('signOut', SHOP)
    await partition.ask('signOut', SHOP)
    await world.hub.signOut(browser.request('/'))
    expect(told).toEqual([
      ['sign-in', { sid, sub: 'customer' }],
      ['link', { sid, site: 'shop' }],
      ['denied', { code: 'not-registered', path: '/isthmus/session', origin: 'https://evil.example' }],
      ['sign-out', { sid, sub: 'customer', reason: 'logout' }],
    ])
    for (const secret of [...browser.cookies.values(), ...partition.cookies.values()]) {
      expect(JSON.stringify(told)).not.toContain(secret)
    }
  })

  it.each<[string, (world: World, browser: Agent) => Promise<unknown>, string]>([
    ['the program', (world, browser) => world.hub.signOut(browser.request('/')), 'logout'],
    [
      'the logout page',
      (_, browser) => browser.visit('/isthmus/logout', { headers: { referer: `${SHOP}/` } }),
      'logout',
    ],
    ['a site', (_, browser) => browser.ask('signOut', SHOP), 'logout'],
    ['revoke', async (world, browser) => world.hub.sessions.revoke(await sidOf(browser)), 'revoked'],
    ['revokeAll', (world) => world.hub.sessions.revokeAll('customer'), 'revoked'],
  ])('tells of a sign-out by %s', async (_, act, reason) => {
    await using world = await createWorld()
    const browser = await signedIn(world)
    const sid = await sidOf(browser)
    const told = listen(world)
    await act(world, browser)
    expect(told).toEqual([['sign-out', { sid, sub: 'customer', reason }]])
  })

  it('stops when asked to', async () => {
    await using world = await createWorld()
    const first = vi.fn()
    const second = vi.fn()
    const stop = world.hub.on('sign-in', first)
    world.hub.on('sign-in', second)
    await signedIn(world)
    stop()
    stop()
    await signedIn(world)
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 2])
  })

  it('takes no harm from a listener that throws', async () => {
    await using world = await createWorld()
    const fault = new Error('logger full')
    for (const name of ['sign-in', 'sign-out', 'denied'] as const) {
      world.hub.on(name, () => {
        throw fault
      })
    }
    const told = listen(world)
    const browser = await signedIn(world)
    expect((await browser.call('session', 'https://evil.example')).status).toBe(403)
    expect(await browser.ask('signOut', SHOP)).toMatchObject({ state: { status: 'signed-out' } })
    expect(told.map(([name]) => name)).toEqual(['error', 'sign-in', 'error', 'denied', 'error', 'sign-out'])
    expect(told[0]).toEqual(['error', { error: fault, path: 'listener of "sign-in"' }])

    const stderr = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => stderr.mockRestore())
    world.hub.on('error', () => {
      throw fault
    })
    expect((await browser.signIn(CUSTOMER)).cookies).toHaveLength(2)
    expect(stderr).toHaveBeenCalledWith('isthmus:', fault)
  })
})

describe('close', () => {
  it('may be repeated, and ends the service', async () => {
    const world = await createWorld()
    const browser = await signedIn(world)
    world.hub.on('error', () => {})
    await world.hub.close()
    await world.hub.close()
    expect((await browser.call('session', SHOP)).status).toBe(503)
  })
})
