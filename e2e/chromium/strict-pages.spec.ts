import { signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('clean under a strict policy, Trusted Types and COEP', async ({ world, open }) => {
  const hub = world.url('hub', '')
  const headers = {
    'Content-Security-Policy': `default-src 'none'; script-src 'self' 'unsafe-inline'; frame-src ${hub}; connect-src ${hub}; require-trusted-types-for 'script'; trusted-types 'none'`,
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
  }
  world.serve('shop', { headers })
  const shop = await open('about:blank')
  const complaints: string[] = []
  shop.on('console', (line) => {
    if (line.type() === 'error' && !line.location().url.endsWith('/favicon.ico')) complaints.push(line.text())
  })
  await shop.goto(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(await shop.evaluate('crossOriginIsolated')).toBe(true)
  expect(complaints).toEqual([])
})

test('where the Referer is taken away, the hub waits for a hello', async ({ world, open }) => {
  const shop = await open('about:blank')
  await shop.addInitScript(`
    Object.defineProperty(HTMLIFrameElement.prototype, 'referrerPolicy', {
      set() { this.setAttribute('referrerpolicy', 'no-referrer') },
    })`)
  await shop.goto(world.url('shop'))
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
})

test('the script tag tells plain CSS and plain events', async ({ world, open }) => {
  const news = await open(world.url('news'))
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-out')
  await signIn(news, 'reader')
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-in')
  await news.evaluate(
    'window.heard = []; document.addEventListener("isthmus:change", ({ detail }) => heard.push(detail.status))',
  )
  await news.evaluate('isthmus.signOut()')
  await expect(news.locator('html')).toHaveAttribute('data-isthmus', 'signed-out')
  expect(await news.evaluate('heard')).toEqual(['signed-out'])
})
