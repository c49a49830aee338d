import {
  type Certificate,
  consoleRecorder,
  createCertificate,
  type HostHandler,
  type Hosts,
  launchBrowser,
  PRIVACY_WORLDS,
  startHosts,
  type Tab,
  type UserBrowser,
} from '@isthmus/testing'
import { expect, test } from '@playwright/test'

const site = 'site.localhost'
const other = 'other.localhost'

const pages: Readonly<Record<string, string>> = {
  '/form': `<form action="/sent"><label>User <input name="user" value="old"></label><p>Sign in <span>now</span></p><button>Sign in</button></form>
    <iframe src="/button"></iframe>`,
  '/button':
    '<button onclick="window.clicked = [event.isTrusted, navigator.userActivation.isActive]">Press me</button>',
  '/leads-away': "<script>location.replace('/led')</script>",
  '/slow-frame': '<h1>Here</h1><iframe src="/never"></iframe>',
  '/broken-frame': '<iframe src="/broken"></iframe><script src="/late.js"></script><h1>Here</h1>',
  '/console': `<script>console.log('one', 1); console.warn('two'); console.error('three')</script><script>throw new Error('four')</script>`,
}

const answer: HostHandler = (request, response) => {
  const { url = '' } = request
  if (url === '/never') return
  if (url === '/broken') return request.socket.destroy()
  // The frame beside it has failed by then.
  if (url === '/late.js') return setTimeout(() => response.end(), 500)
  if (url === '/favicon.ico') return response.writeHead(404).end()
  if (url === '/cookie') response.setHeader('set-cookie', 'kept=1; Secure; HttpOnly')
  if (url === '/strict') {
    const policy = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    response.setHeader('content-security-policy', policy)
  }
  return response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>${url}</title>
    <script>${consoleRecorder}</script>
    <script>
      window.changes = []
      document.addEventListener('visibilitychange', () => changes.push(document.visibilityState))
      addEventListener('pageshow', (event) => { window.persisted = event.persisted })
    </script>
    ${pages[url] ?? ''}`)
}

let certificate: Certificate
let hosts: Hosts
const at = (path: string, host = site): string => hosts.origin(host) + path

test.beforeAll(async () => {
  certificate = await createCertificate([site, other])
  hosts = await startHosts({ tls: certificate, handlers: { [site]: answer, [other]: answer } })
})

test.afterAll(() => hosts.close())

for (const world of PRIVACY_WORLDS)
  test.describe(`a tab of ${world}`, () => {
    let browser: UserBrowser
    test.beforeAll(async () => {
      browser = await launchBrowser(world, { certificate })
    })
    test.afterAll(() => browser.close())

    const open = async (path: string): Promise<Tab> => {
      const tab = await browser.newTab()
      await tab.goto(at(path))
      return tab
    }

    test('the browser is the one that was asked for', () => {
      expect(browser.world).toBe(world)
      expect(browser.version).toMatch(/^(chromium|firefox|MiniBrowser)\/\d+\.\d/)
      expect(Boolean(browser.chromium)).toBe(world.startsWith('chromium'))
    })

    test('goes to pages, knows where it is, reloads and goes back to a page that was kept', async () => {
      const tab = await open('/one?a=b#c')
      expect(await tab.url()).toBe(at('/one?a=b#c'))
      await tab.goto(at('/one?a=b#d'))
      expect(await tab.evaluate('location.hash')).toBe('#d')
      await tab.evaluate('void (window.mark = 1)')
      await tab.reload()
      expect(await tab.evaluate('window.mark')).toBeUndefined()

      await tab.goto(at('/two', other))
      expect(await tab.url()).toBe(at('/two', other))
      await tab.back()
      expect(await tab.url()).toBe(at('/one?a=b#d'))
      await tab.waitFor('window.persisted')
    })

    test('each page it goes to is asked for once', async () => {
      const before = hosts.requests.length
      const tab = await open('/counted')
      await tab.goto(at('/leads-away'))
      await tab.waitFor("location.pathname === '/led'")
      const navigations = hosts.requests.slice(before).filter(({ destination }) => destination === 'document')
      expect(navigations.map(({ host, path }) => host + path)).toEqual([
        `${site}/counted`,
        `${site}/leads-away`,
        `${site}/led`,
      ])
    })

    test('does not wait for a frame that never loads', async () => {
      const tab = await open('/slow-frame')
      expect(await tab.text('h1')).toBe('Here')
      await tab.click('text=Here')
    })

    test('takes the failure of a frame for no failure of the page', async () => {
      const tab = await open('/broken-frame')
      expect(await tab.text('h1')).toBe('Here')
      await tab.reload()
      expect(await tab.text('h1')).toBe('Here')
    })

    test('says so where no server answers, and goes on', async () => {
      const tab = await open('/one')
      const closed = await startHosts()
      await closed.close()
      await expect(tab.goto(`https://${site}:${closed.port}/`)).rejects.toThrow(/refused/i)
      await tab.goto(at('/two'))
      expect(await tab.url()).toBe(at('/two'))
    })

    test('evaluates expressions and functions, whatever the policy of the page', async () => {
      const tab = await open('/strict')
      expect(await tab.evaluate('({ a: [1, "2", null] })')).toEqual({ a: [1, '2', null] })
      expect(await tab.evaluate('undefined')).toBeUndefined()
      expect(await tab.evaluate('Promise.resolve(document.title) // the title')).toBe('/strict')
      expect(await tab.evaluate((more: { n: number }) => location.pathname + more.n, { n: 1 })).toBe('/strict1')
      await expect(tab.evaluate('Promise.reject(new TypeError("later"))')).rejects.toThrow('later')
      await expect(tab.evaluate('nothing.there')).rejects.toThrow('nothing')
      // Names that a driver may use for itself.
      await tab.evaluate("Object.assign(window, { key: 'a', kept: 'b', id: 'c', promise: 'd', value: 'e' }).key")
      expect(await tab.evaluate('key + kept + id + promise + value')).toBe('abcde')
    })

    test('waits over navigations, and says what it saw last', async () => {
      const tab = await open('/one')
      await tab.evaluate("void setTimeout(() => { location.href = '/two' }, 100)")
      expect(await tab.waitFor("document.title === '/two' && document.title")).toBe('/two')
      await expect(tab.waitFor('document.title.length > 9', { timeoutMs: 1000 })).rejects.toThrow(
        /length > 9\nLast: false/,
      )
    })

    test('a promise that is open in one tab holds up no other', async () => {
      const [one, two] = [await open('/one'), await open('/two')]
      const opened = one.evaluate('new Promise((resolve) => { window.answer = resolve })')
      expect(await two.evaluate('document.title')).toBe('/two')
      await one.waitFor('Boolean(window.answer)')
      await one.evaluate("answer('at last')")
      expect(await opened).toBe('at last')
    })

    test('finds by selector, text and label; types and clicks as people do', async () => {
      const tab = await open('/form')
      expect(await tab.text('text=Sign in')).toBe('Sign in')
      expect(await tab.text('text=now')).toBe('now')
      expect(await tab.text('#nowhere')).toBe('')
      await expect(tab.click('text=Sign out', { timeoutMs: 100 })).rejects.toThrow('No visible element: text=Sign out')

      await tab.fill('label=User', 'Zoë')
      expect(await tab.evaluate('document.querySelector("input").value')).toBe('Zoë')
      await tab.type('x')
      await tab.press('Backspace')
      await tab.press('Enter')
      await tab.waitFor("location.pathname === '/sent'")
      expect(new URL(await tab.url()).search).toMatch(/^\?user=Zo(%EB|%C3%AB)$/)
    })

    test('acts in a frame, where a click counts as one', async () => {
      const tab = await open('/form')
      const frame = tab.frame(at('/button'))
      await frame.click('text=Press me')
      expect(await frame.evaluate('window.clicked')).toEqual([true, true])
      expect(await tab.evaluate('window.clicked')).toBeUndefined()
      await expect(tab.frame('https://nowhere.localhost/').evaluate('1')).rejects.toThrow('No frame')
    })

    test('is closed, and others open and go on', async () => {
      const [closed, beside] = [await open('/one'), await open('/two')]
      await closed.close()
      expect(await (await open('/three')).evaluate('document.title')).toBe('/three')
      expect(await beside.evaluate('document.title')).toBe('/two')
    })

    test('is hidden and shown for real, and no other tab with it', async () => {
      const [tab, beside] = [await open('/one'), await open('/two')]
      expect(await tab.evaluate('document.visibilityState')).toBe('visible')
      await tab.hide()
      expect(await tab.evaluate('[document.visibilityState, changes]')).toEqual(['hidden', ['hidden']])
      await tab.goto(at('/three'))
      expect(await tab.evaluate('[document.visibilityState, document.title]')).toEqual(['hidden', '/three'])
      await tab.show()
      expect(await tab.evaluate('[document.visibilityState, changes]')).toEqual(['visible', ['visible']])
      expect(await tab.evaluate('document.hasFocus()')).toBe(true)
      expect(await beside.evaluate('[document.visibilityState, changes]')).toEqual(['visible', []])
      await tab.show()
      await tab.hide()
      await tab.close()
      expect(await beside.evaluate('changes')).toEqual([])
    })

    test('tells what the console says', async () => {
      const tab = await open('/console')
      await expect.poll(() => tab.console()).toHaveLength(4)
      const lines = await tab.console()
      expect(lines.map(({ level, text }) => `${level} ${text.replace(/^(Uncaught )?Error: /, '')}`)).toEqual([
        'info one 1',
        'warning two',
        'error three',
        'error four',
      ])
    })

    test('shows what is to be seen', async () => {
      const tab = await open('/form')
      const png = await tab.screenshot()
      // The signature of a PNG, and more than a blank one has (PNG §5.2).
      expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
      expect(png.length).toBeGreaterThan(2000)
    })

    test('loses the cookies of one host', async () => {
      const tab = await open('/cookie')
      await tab.goto(at('/cookie', other))
      const sent = async (host: string): Promise<string | undefined> => {
        await tab.goto(at('/read', host))
        return hosts.requests.findLast(({ path }) => path === '/read')?.headers.cookie
      }
      expect([await sent(site), await sent(other)]).toEqual(['kept=1', 'kept=1'])
      await browser.clearCookies(at('/', site))
      expect([await sent(site), await sent(other)]).toEqual([undefined, 'kept=1'])
    })
  })
