import { launchBrowser, type PrivacyWorld, type Tab, type UserBrowser } from '@isthmus/testing'
import { test as base, expect } from '@playwright/test'
import { startWorld, type World } from '../world.ts'

interface Fixtures {
  readonly world: World
  readonly userBrowser: UserBrowser
  readonly open: (url: string) => Promise<Tab>
}

// The same journeys in every world: stock Chromium with third-party cookies allowed and blocked, stock Firefox with
// Total Cookie Protection, WebKitGTK with Intelligent Tracking Prevention.
const test = base.extend<Fixtures & { privacyWorld: PrivacyWorld }>({
  privacyWorld: ['chromium-allowed', { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  world: async ({}, use) => {
    await using world = await startWorld()
    await use(world)
  },
  userBrowser: async ({ privacyWorld, world }, use) => {
    await using browser = await launchBrowser(privacyWorld, { certificate: world.certificate })
    await use(browser)
  },
  open: async ({ userBrowser }, use) => {
    await use(async (url) => {
      const tab = await userBrowser.newTab()
      await tab.goto(url)
      return tab
    })
  },
})

test.setTimeout(90_000)

const shows = (tab: Tab, text: string): Promise<void> =>
  expect.poll(() => tab.text('output'), { timeout: 20_000 }).toBe(text)

async function signIn(tab: Tab, user: string): Promise<void> {
  await expect.poll(() => tab.text('output'), { timeout: 20_000 }).toMatch(/signed-out|signed in|denied/)
  const host = await tab.evaluate<string>('location.host')
  await tab.evaluate('(window.beforeSignIn = true, void session.signIn())')
  await tab.waitFor("location.pathname === '/login' && document.querySelector('button') !== null")
  await tab.fill('label=User', user)
  await tab.click('text=Sign in')
  const back = `location.host === '${host}' && !window.beforeSignIn && !location.hash.startsWith('#isthmus=')`
  await tab.waitFor(back, { timeoutMs: 20_000 })
}

test('the hub goes away and comes back: unknown in between, with what was known last', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const bringBack = world.cutHub()
  await shop.evaluate('void session.refresh()')
  await shows(shop, 'unknown: unreachable')
  expect(await shop.evaluate('session.current.last.user.name')).toBe('The customer')
  bringBack()
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate("seen.some((one) => one.status === 'signed-out')")).toBe(false)
})
