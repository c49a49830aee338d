import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHosts } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import { createSiteApp } from '../site-app.ts'
import { USERS } from '../users.ts'
import { newHostNames } from '../world.ts'
import { diagnosis, seen, shows, signIn, signInAtOnce, snapshot } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('the hub goes away and comes back: unknown in between, with what was known last', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const bringBack = world.cutHub()
  await shop.evaluate('void session.refresh()')
  await shows(shop, 'unknown: unreachable')
  expect(await snapshot(shop)).toMatchObject({ last: { user: { name: 'The customer' } } })
  bringBack()
  await shows(shop, 'signed in: The customer')
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-out')
})

test('the hub is killed and comes back: unknown in between, never signed out, no session lost', async ({
  certificate: tls,
  open,
}) => {
  const names = newHostNames()
  await using hosts = await startHosts({ tls })
  const reserved = await startHosts({ tls })
  const hub = reserved.origin(names.hub)
  await reserved.close()
  const sites = (['shop', 'news'] as const).map((id) => ({ id, origins: [hosts.origin(names[id])], claims: ['name'] }))
  hosts.set(names.shop, createSiteApp({ name: 'shop', hub, uses: 'import' }))
  hosts.set(names.news, createSiteApp({ name: 'news', hub, uses: 'script tag' }))
  const path = await mkdtemp(join(tmpdir(), 'isthmus-hub-'))
  let running = await startHubProcess()
  try {
    const shop = await open(hosts.origin(names.shop))
    await shows(shop, 'signed-out: none')
    await signInAtOnce(shop)
    await shows(shop, 'signed in: The customer')
    const news = await open(hosts.origin(names.news))
    await shows(news, 'signed in: The customer')
    const { sid } = (await snapshot(shop)) as { sid: string }
    await shop.evaluate('(window.kept = true)')

    running.kill('SIGKILL')
    await once(running, 'exit')
    for (const tab of [shop, news]) {
      await shows(tab, 'unknown: unreachable')
      expect(await snapshot(tab)).toMatchObject({ last: { status: 'signed-in', sid, stale: true }, stale: true })
    }
    // A page opened meanwhile knows nothing, and says so.
    const late = await open(hosts.origin(names.shop))
    await shows(late, 'unknown: unreachable')

    running = await startHubProcess()
    for (const tab of [shop, news, late]) await shows(tab, 'signed in: The customer')
    expect(await shop.evaluate('window.kept')).toBe(true)
    for (const tab of [shop, news]) {
      expect(await snapshot(tab)).toMatchObject({ sid })
      expect((await seen(tab)).map((one) => one.status)).not.toContain('signed-out')
    }
  } finally {
    running.kill('SIGKILL')
    await rm(path, { recursive: true })
  }

  async function startHubProcess(): Promise<ChildProcess> {
    const settings = { origin: hub, sites, path, tls, subject: USERS.customer }
    const child = fork(new URL('./hub-process.mjs', import.meta.url), [JSON.stringify(settings)])
    await once(child, 'message')
    return child
  }
})

// Regression: no worker meant no news, neither of the hub's absence nor of its return; the page showed what it knew first.
test('the hub goes away before the worker of the page is loaded: unknown in between, and then it is followed', async ({
  world,
  open,
}) => {
  const letThrough = world.interceptHub((request, _, next) => {
    if (request.path.startsWith('/isthmus/assets/worker-')) request.socket.destroy()
    else next()
  })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  world.cutHub()
  await shows(shop, 'unknown: unreachable')
  letThrough()
  await shows(shop, 'signed in: The customer')
  await expect.poll(async () => (await diagnosis(shop)).stream, PATIENCE).toBe('open')
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-out')
})
