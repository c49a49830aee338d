import type { Subject } from '@isthmus/server'
import { test as base, expect } from '@playwright/test'
import { launchBrowser } from '../browser/launch-browser.ts'
import type { Tab } from '../browser/tab.ts'
import type { PrivacyWorld, UserBrowser } from '../browser/user-browser.ts'
import { type Certificate, createCertificate } from '../certificate.ts'
import { startTestHub, type TestHub, type TestSite } from './test-hub.ts'

/** What a configuration (`use`) or `test.use` sets. */
export interface IsthmusOptions {
  /** The sites under test, by their ids. */
  readonly sites: Readonly<Record<string, TestSite>>
  /** Users who can sign in, by the names on the login page; default: `ada`. */
  readonly users: Readonly<Record<string, Subject>>
  /** Port of all hosts; default 0: a free one. A site that has to know the hub's origin before needs a fixed one. */
  readonly port: number
  /**
   * An expression that is true in a page of yours that shows its user as signed out; default: what the script tag says,
   * `document.documentElement.dataset.isthmus === 'signed-out'`.
   */
  readonly signedOutWhen: string
}

/** What tests take. */
export interface IsthmusFixtures {
  readonly hub: TestHub
  /** Opens a page of a site in a tab of this test's user. */
  readonly open: (site: string, path?: string) => Promise<Tab>
  /**
   * Signs in from a page of a site, and waits to be back there. `click`: what your page offers for it; default: calls
   * `isthmus.signIn()` of the script tag.
   */
  readonly signIn: (tab: Tab, user?: string, click?: string) => Promise<void>
  /** Waits until every tab that was opened shows its user as signed out, and the hub knows of no session. */
  readonly expectSignedOutEverywhere: () => Promise<void>
}

/** Set by the project: whose privacy rules hold. */
export interface IsthmusWorkerOptions {
  readonly privacyWorld: PrivacyWorld
}

interface WorkerFixtures {
  readonly certificate: Certificate
  readonly running: UserBrowser
}

interface InnerFixtures {
  readonly tabs: Tab[]
  readonly user: UserBrowser
}

const USERS: Readonly<Record<string, Subject>> = { ada: { sub: 'u-ada', claims: { name: 'Ada' } } }

/** How long one step of a sign-in may take, and all of it. */
const SOON_MS = 10_000
const LONG_MS = 60_000

let hubs = 0

/**
 * Playwright's `test` with a hub, your sites on domains of their own, and one user of a stock browser with the privacy
 * rules of `privacyWorld`. Each test has a hub and a user of its own.
 */
export const test: ReturnType<
  typeof base.extend<IsthmusOptions & IsthmusFixtures & InnerFixtures, IsthmusWorkerOptions & WorkerFixtures>
> = base.extend<IsthmusOptions & IsthmusFixtures & InnerFixtures, IsthmusWorkerOptions & WorkerFixtures>({
  privacyWorld: ['chromium-allowed', { option: true, scope: 'worker' }],
  sites: [{}, { option: true }],
  users: [USERS, { option: true }],
  port: [0, { option: true }],
  signedOutWhen: ["document.documentElement.dataset.isthmus === 'signed-out'", { option: true }],
  certificate: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => use(await createCertificate(['localhost'])),
    { scope: 'worker' },
  ],
  running: [
    async ({ privacyWorld, certificate }, use) => {
      await using browser = await launchBrowser(privacyWorld, { certificate })
      await use(browser)
    },
    { scope: 'worker' },
  ],
  hub: async ({ certificate, sites, users, port }, use) => {
    // With a fixed port the names are fixed, too: the sites know them.
    const suffix = port === 0 ? `-${++hubs}` : ''
    await using hub = await startTestHub({ certificate, sites, users, port, suffix })
    await use(hub)
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  tabs: async ({}, use) => use([]),
  // After the hub, so that no page asks one that is gone.
  user: async ({ running, hub: _ }, use) => {
    await using user = await running.newUser()
    await use(user)
  },
  open: async ({ hub, user, tabs }, use) => {
    await use(async (site, path) => {
      const tab = await user.newTab()
      tabs.push(tab)
      await tab.goto(hub.url(site, path))
      return tab
    })
  },
  signIn: async ({ hub, users }, use) => {
    await use(async (tab, user = Object.keys(users)[0] ?? '', click) => {
      const host = JSON.stringify(await tab.evaluate<string>('location.host'))
      const isAtLogin = "location.pathname === '/login' && document.querySelector('button') !== null"
      const isBack = `location.host === ${host} && !location.hash.startsWith('#isthmus=') && !window.hasNotLeft`
      // A page that is on its silent visit of the hub loses the click.
      await expect(async () => {
        await tab.evaluate('(window.hasNotLeft = true, undefined)')
        if (click === undefined) await tab.evaluate('void window.isthmus.signIn()').catch(leaving)
        else await tab.click(click, { timeoutMs: SOON_MS })
        await tab.waitFor(`(${isAtLogin}) || (${isBack})`, { timeoutMs: SOON_MS })
        if (await tab.evaluate<boolean>(isAtLogin)) await tab.click(`text=${user}`)
        await tab.waitFor(isBack, { timeoutMs: SOON_MS })
        // Where the hub knew the user already, it asked nothing.
        expect(await hub.hub.sessions.list(users[user]?.sub ?? '')).not.toEqual([])
      }).toPass({ timeout: LONG_MS })
    })
  },
  expectSignedOutEverywhere: async ({ hub, users, tabs, signedOutWhen }, use) => {
    await use(async () => {
      for (const tab of tabs) await tab.waitFor(signedOutWhen)
      const left = await Promise.all(Object.values(users).map(({ sub }) => hub.hub.sessions.list(sub)))
      expect(left.flat()).toEqual([])
    })
  },
})

export { expect }

/** A page that leaves may not answer any more; what else is wrong shows by what follows. */
function leaving(error: Error): void {
  if (/signIn|isthmus/.test(error.message)) throw error
}
