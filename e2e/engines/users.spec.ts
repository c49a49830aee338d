import {
  createCertificate,
  launchBrowser,
  PRIVACY_WORLDS,
  startHosts,
  type Tab,
  type UserBrowser,
} from '@isthmus/testing'
import { expect, test } from '@playwright/test'

// What separates the end-to-end tests from each other: each is another user of one browser, on hosts of its own.

const HUB = 'auth.localhost'

/** What a document of the hub is sent and can read. */
interface Kept {
  readonly cookies: string
  readonly stored: string | null
}

/** Leaves something of both kinds at the hub, and says what was there before. */
const visit = `(async () => {
  const cookies = await fetch('/cookies').then((response) => response.text())
  const stored = localStorage.getItem('mark')
  localStorage.setItem('mark', 'kept')
  document.cookie = 'mark=kept; Path=/; Secure; SameSite=None'
  return { cookies, stored }
})()`

for (const world of PRIVACY_WORLDS)
  test(`${world}: what one user of a browser leaves, another one does not meet`, async () => {
    const certificate = await createCertificate([HUB])
    const hub = (name: string): string => hosts.origin(name)
    await using hosts = await startHosts({ tls: certificate })
    for (const name of [HUB, 'auth-2.localhost', 'shop.localhost']) {
      hosts.set(name, (request, response) => {
        if (request.url === '/cookies') return response.end(request.headers.cookie ?? '')
        const frame = name === 'shop.localhost' ? `<iframe src="${hub(HUB)}"></iframe>` : ''
        return response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><h1>Page</h1>${frame}`)
      })
    }
    await using browser = await launchBrowser(world, { certificate })
    const first = await browser.newUser()
    const tab = await open(first, hub(HUB))
    expect(await tab.evaluate<Kept>(visit)).toEqual({ cookies: '', stored: null })
    expect(await tab.evaluate<Kept>(visit)).toEqual({ cookies: 'mark=kept', stored: 'kept' })

    // The rules of the profile hold for its users.
    const frame = (await open(first, hub('shop.localhost'))).frame(hub(HUB))
    await frame.waitFor("document.readyState === 'complete'")
    const isAllowed = world === 'chromium-allowed'
    expect(await frame.evaluate<Kept>(visit)).toEqual({ cookies: isAllowed ? 'mark=kept' : '', stored: null })

    await using second = await browser.newUser()
    // WebKit has one profile; there, as everywhere, another host name separates.
    const name = world === 'webkit' ? 'auth-2.localhost' : HUB
    expect(await (await open(second, hub(name))).evaluate<Kept>(visit)).toEqual({ cookies: '', stored: null })

    await first.close()
    await expect(tab.evaluate('1')).rejects.toThrow()
    expect(await (await open(second, hub(name))).evaluate<Kept>(visit)).toEqual({
      cookies: 'mark=kept',
      stored: 'kept',
    })
  })

async function open(browser: UserBrowser, url: string): Promise<Tab> {
  const tab = await browser.newTab()
  await tab.goto(url)
  return tab
}
