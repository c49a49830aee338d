import { existsSync } from 'node:fs'
import {
  type Certificate,
  type Chromium,
  createCertificate,
  type HostHandler,
  type Hosts,
  launchChromium,
  startHosts,
  type ThirdPartyCookies,
} from '@isthmus/testing'
import { expect, type Frame, type Page, test } from '@playwright/test'

const hub = 'auth.localhost'
const shop = 'shop.localhost'
const news = 'news.localhost'

/** Every document sets both kinds of cookie; `/cookies` says which came back. */
const answerAsHub: HostHandler = (request, response) => {
  if (request.url === '/cookies') return response.end(request.headers.cookie ?? '')
  if (request.url === '/events') {
    return response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: open\n\n')
  }
  if (request.url === '/worker.js') {
    response.setHeader('content-type', 'text/javascript')
    return response.end(`onconnect = ({ ports: [port] }) => {
        const open = () => new Promise((resolve) => {
          const source = new EventSource('/events')
          source.onmessage = ({ data }) => resolve(data)
          source.onerror = () => resolve('error')
        })
        open().then(async (first) => port.postMessage([first, await open()]))
      }`)
  }
  response.setHeader('set-cookie', [
    'plain=1; Path=/; Secure; HttpOnly; SameSite=None',
    'chips=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned',
  ])
  return response.writeHead(200, { 'content-type': 'text/html' }).end('<title>hub</title>')
}

const answerAsSite: HostHandler = (_request, response) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>site</title>
    <iframe src="${hosts.origin(hub)}/frame"></iframe>
    <script>addEventListener('pageshow', (event) => { window.persisted = event.persisted })</script>`)

let certificate: Certificate
let hosts: Hosts

test.beforeAll(async () => {
  certificate = await createCertificate([hub, shop, news])
  hosts = await startHosts({
    tls: certificate,
    handlers: { [hub]: answerAsHub, [shop]: answerAsSite, [news]: answerAsSite },
  })
})

test.afterAll(() => hosts.close())

async function openFrame(page: Page, site: string): Promise<Frame> {
  await page.goto(hosts.origin(site))
  const frame = page.frame({ url: `${hosts.origin(hub)}/frame` })
  if (!frame) throw new Error('the hub frame did not load')
  return frame
}

const cookies = (of: Page | Frame): Promise<string[]> =>
  of.evaluate(async () => (await (await fetch('/cookies')).text()).split('; ').sort())

/** `chrome://version` fills its fields a moment after it has loaded. */
async function readVersionPage(browser: Chromium, field: string): Promise<string> {
  const page = await browser.newPage()
  await page.goto('chrome://version')
  const read = async (): Promise<string> => (await page.locator(field).textContent())?.trim() ?? ''
  await expect.poll(read).not.toBe('')
  return read()
}

const settings: readonly ThirdPartyCookies[] = ['allowed', 'blocked']
for (const thirdPartyCookies of settings)
  test.describe(`Chromium with third-party cookies ${thirdPartyCookies}`, () => {
    let browser: Chromium
    test.beforeAll(async () => {
      browser = await launchChromium({ thirdPartyCookies, certificate })
    })
    test.afterAll(() => browser.close())

    test('a first-party cookie reaches the hub in a frame only if third-party cookies are allowed', async () => {
      const page = await browser.newPage()
      await page.goto(hosts.origin(hub))
      expect(await cookies(page)).toEqual(['chips=1', 'plain=1'])

      const frame = await openFrame(page, shop)
      expect(await cookies(frame)).toEqual(thirdPartyCookies === 'allowed' ? ['chips=1', 'plain=1'] : ['chips=1'])
    })

    test('a frame has storage, and each top-level site its own', async () => {
      const page = await browser.newPage()
      const read = (of: Page | Frame): Promise<string | null> => of.evaluate(() => localStorage.getItem('mark'))
      await (await openFrame(page, shop)).evaluate(() => localStorage.setItem('mark', 'shop'))

      expect(await read(await openFrame(page, news))).toBeNull()
      await page.goto(hosts.origin(hub))
      expect(await read(page)).toBeNull()
      expect(await read(await openFrame(page, shop))).toBe('shop')
    })

    test('the back button restores a page from bfcache, hub frame included', async () => {
      const page = await browser.newPage()
      await openFrame(page, shop)
      await openFrame(page, news)
      await page.goBack({ waitUntil: 'commit' })

      expect(page.url()).toBe(`${hosts.origin(shop)}/`)
      await page.waitForFunction('persisted')
    })

    test('a tab can be hidden behind another and shown again, for real', async () => {
      const page = await browser.newPage()
      await page.goto(hosts.origin(shop))
      const changes = (): Promise<string[]> => page.evaluate('changes.splice(0)')
      await page.evaluate(
        "changes = []; document.addEventListener('visibilitychange', () => changes.push(document.visibilityState))",
      )

      await browser.hide(page)
      expect(await changes()).toEqual(['hidden'])
      await browser.newPage()
      await browser.show(page)
      expect(await changes()).toEqual(['visible'])
      expect(await page.evaluate(() => document.hasFocus())).toBe(true)

      // Shown pages are Playwright's usual ones: another tab in front does not hide them.
      await browser.newPage()
      expect(await changes()).toEqual([])
    })

    // Where Playwright merely ignores the certificate error, a SharedWorker gets no further than the page's idle connection.
    test('the certificate counts as a proper one: a SharedWorker opens connections of its own', async () => {
      const frame = await openFrame(await browser.newPage(), shop)
      const streams = await frame.evaluate(
        () =>
          new Promise((resolve) => {
            new SharedWorker('/worker.js').port.onmessage = ({ data }) => resolve(data)
          }),
      )
      expect(streams).toEqual(['open', 'open'])
    })

    test('the command line leaves partitioning, bfcache and throttling as users have them', async () => {
      const commandLine = await readVersionPage(browser, '#command_line')

      expect(commandLine).toContain('--disable-features=')
      expect(commandLine).toContain('LensOverlay')
      expect(commandLine).not.toContain('ThirdPartyStoragePartitioning')
      expect(commandLine).not.toContain('--disable-back-forward-cache')
      expect(commandLine).not.toContain('--disable-background-timer-throttling')
      expect(commandLine).not.toContain('--disable-renderer-backgrounding')
    })
  })

test('closing removes the profile', async () => {
  const browser = await launchChromium({ thirdPartyCookies: 'allowed' })
  const profile = await readVersionPage(browser, '#profile_path')
  expect(existsSync(profile)).toBe(true)

  await browser.close()
  expect(existsSync(profile)).toBe(false)
})
