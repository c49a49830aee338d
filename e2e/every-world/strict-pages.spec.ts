import { shows, signIn } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('clean under a strict policy, Trusted Types and COEP', async ({ world, open }) => {
  const hub = world.url('hub', '')
  const headers = {
    'Content-Security-Policy': `default-src 'none'; img-src data:; script-src 'self' 'unsafe-inline'; frame-src ${hub}; connect-src ${hub}; require-trusted-types-for 'script'; trusted-types 'none'`,
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
  }
  // Not every engine tells the console of a violation, but each tells the page.
  const head = `<script>
    window.violations = []
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      violations.push(violatedDirective + ' ' + blockedURI))</script>`
  world.serve('shop', { headers, head })
  const shop = await open(world.url('shop'))
  const complaints = async (): Promise<unknown[]> => [
    ...(await shop.evaluate<string[]>('violations')),
    // The hub's own pages, on the way to the login and back, have no icon.
    ...(await shop.console()).filter(
      ({ level, text, url }) => level === 'error' && !`${text} ${url}`.includes('/favicon.ico'),
    ),
  ]
  await shows(shop, 'signed-out: none')
  expect(await complaints()).toEqual([])
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate('crossOriginIsolated')).toBe(true)
  expect(await complaints()).toEqual([])
})

test('where the Referer is taken away, the hub waits for a hello', async ({ world, open }) => {
  world.serve('shop', {
    head: `<script>
      Object.defineProperty(HTMLIFrameElement.prototype, 'referrerPolicy', {
        set() { this.setAttribute('referrerpolicy', 'no-referrer') },
      })</script>`,
  })
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const frames = world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/hub'))
  expect(frames.length).toBeGreaterThan(0)
  for (const { headers } of frames) expect(headers).not.toHaveProperty('referer')
})

test('the script tag tells plain CSS and plain events', async ({ world, open }) => {
  const news = await open(world.url('news'))
  const tells = (status: string): Promise<unknown> =>
    news.waitFor(`document.documentElement.dataset.isthmus === '${status}'`)
  await tells('signed-out')
  await signIn(news, 'reader')
  await tells('signed-in')
  await news.evaluate(
    '(window.heard = [], document.addEventListener("isthmus:change", ({ detail }) => heard.push(detail.status)))',
  )
  await news.evaluate('isthmus.signOut()')
  await tells('signed-out')
  expect(await news.evaluate('heard')).toEqual(['signed-out'])
})
