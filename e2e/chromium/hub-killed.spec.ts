import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificate, launchChromium, startHosts } from '@isthmus/testing'
import { createSiteApp } from '../site-app.ts'
import { USERS } from '../users.ts'
import { HOSTS } from '../world.ts'
import { signInAtOnce, snapshot, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('the hub is killed and comes back: unknown in between, never signed out, no session lost', async ({
  thirdPartyCookies,
}) => {
  test.setTimeout(60_000)
  const tls = await createCertificate(Object.values(HOSTS))
  await using hosts = await startHosts({ tls })
  const reserved = await startHosts({ tls })
  const hub = reserved.origin(HOSTS.hub)
  await reserved.close()
  const sites = (['shop', 'news'] as const).map((id) => ({ id, origins: [hosts.origin(HOSTS[id])], claims: ['name'] }))
  hosts.set(HOSTS.shop, createSiteApp({ name: 'shop', hub, uses: 'import' }))
  hosts.set(HOSTS.news, createSiteApp({ name: 'news', hub, uses: 'script tag' }))
  const path = await mkdtemp(join(tmpdir(), 'isthmus-hub-'))
  let running = await startHubProcess()
  try {
    await using browser = await launchChromium({ thirdPartyCookies, certificate: tls })
    const shop = await browser.newPage()
    await shop.goto(hosts.origin(HOSTS.shop))
    await expect(status(shop)).toHaveText('signed-out: none')
    await signInAtOnce(shop)
    await expect(status(shop)).toHaveText('signed in: The customer')
    const news = await browser.newPage()
    await news.goto(hosts.origin(HOSTS.news))
    await expect(status(news)).toHaveText('signed in: The customer')
    const { sid } = (await snapshot(shop)) as { sid: string }
    await shop.evaluate('window.kept = true')

    running.kill('SIGKILL')
    await once(running, 'exit')
    for (const page of [shop, news]) {
      await expect(status(page)).toHaveText('unknown: unreachable')
      expect(await snapshot(page)).toMatchObject({ last: { status: 'signed-in', sid, stale: true }, stale: true })
    }
    // A page opened meanwhile knows nothing, and says so.
    const late = await browser.newPage()
    await late.goto(hosts.origin(HOSTS.shop))
    await expect(status(late)).toHaveText('unknown: unreachable')

    running = await startHubProcess()
    // The pause between attempts grows while the hub is away.
    for (const page of [shop, news, late]) {
      await expect(status(page)).toHaveText('signed in: The customer', { timeout: 20_000 })
    }
    expect(await shop.evaluate('window.kept')).toBe(true)
    for (const page of [shop, news]) {
      expect(await snapshot(page)).toMatchObject({ sid })
      expect(await page.evaluate('seen.map((one) => one.status)')).not.toContain('signed-out')
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
