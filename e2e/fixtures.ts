import {
  type Certificate,
  createCertificate,
  launchBrowser,
  type PrivacyWorld,
  type Tab,
  type UserBrowser,
} from '@isthmus/testing'
import { test as base, expect } from '@playwright/test'
import { attachTabs, attachWorld, consoleOf, hasFailed } from './diagnosis.ts'
import { PATIENCE } from './patience.ts'
import { linesOf } from './secrets.ts'
import { startWorld, type World, type WorldOptions } from './world.ts'

export interface WorkerOptions {
  /** Set by the project: whose privacy rules hold. */
  readonly privacyWorld: PrivacyWorld
}

export interface WorkerFixtures {
  /** Of all hosts: browsers under test look at its key alone. */
  readonly certificate: Certificate
  /** The browser of this worker. Each test is another user of it. */
  readonly running: UserBrowser
}

export interface Options {
  /** `off`: the user switched cookies off, and with them, but for WebKit, all storage. That takes a browser of its own. */
  readonly cookies: 'on' | 'off'
}

export interface Fixtures {
  /** Starts a hub and its sites, over https, on domains that the browser has not heard of. It lasts as long as the test. */
  readonly newWorld: (options?: WorldOptions) => Promise<World>
  /** What the consoles of all tabs said. */
  readonly said: string[]
  /** The one that most tests need. */
  readonly world: World
  /** One user's browser, which has never been anywhere. */
  readonly userBrowser: UserBrowser
}

/** The domains of each test are new to its browser: that separates tests in every engine, as it separates sites. */
export const test = base.extend<Options & Fixtures, WorkerOptions & WorkerFixtures>({
  privacyWorld: ['chromium-allowed', { option: true, scope: 'worker' }],
  cookies: ['on', { option: true }],
  certificate: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      await use(await createCertificate(['localhost']))
    },
    { scope: 'worker' },
  ],
  running: [
    async ({ privacyWorld, certificate }, use) => {
      await using browser = await launchBrowser(privacyWorld, { certificate })
      await use(browser)
    },
    { scope: 'worker', timeout: PATIENCE.timeout },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  said: async ({}, use) => {
    await use([])
  },
  newWorld: async ({ certificate, said }, use, info) => {
    const worlds: World[] = []
    await use(async (options) => {
      const world = await startWorld(certificate, options)
      worlds.push(world)
      return world
    })
    for (const world of worlds) {
      if (hasFailed(info)) await attachWorld(info, world)
      await world[Symbol.asyncDispose]()
      // Every scenario ends with a look at what was said in it.
      const lines = [...linesOf(world.hubLog, world.hosts.requests), ...said]
      if (!hasFailed(info)) expect(world.secrets.foundIn(lines), 'secrets that were said').toEqual([])
    }
  },
  world: async ({ newWorld }, use) => {
    await use(await newWorld())
  },
  userBrowser: async ({ privacyWorld, cookies, certificate, running, said, newWorld: _ }, use, info) => {
    await using browser =
      cookies === 'off' ? await launchBrowser(privacyWorld, { certificate, cookies }) : await running.newUser()
    const tabs: Tab[] = []
    const newTab = async (): Promise<Tab> => {
      const tab = await browser.newTab()
      tabs.push(tab)
      return tab
    }
    await use({ ...browser, newTab })
    for (const tab of tabs) said.push(...(await consoleOf(tab)))
    if (hasFailed(info)) await attachTabs(info, tabs)
  },
})
