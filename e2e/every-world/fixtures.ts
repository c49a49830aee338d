import { launchBrowser, type PrivacyWorld, type Tab, type UserBrowser } from '@isthmus/testing'
import { test as base } from '@playwright/test'
import { startWorld, type World } from '../world.ts'

interface Options {
  /** Set by the project: whose privacy rules hold. */
  readonly privacyWorld: PrivacyWorld
  /** `off`: the user switched cookies off, and with them, but for WebKit, all storage. */
  readonly cookies: 'on' | 'off'
}

interface Fixtures {
  /** A hub and its sites, on domains of their own, over https. */
  readonly world: World
  /** One user's browser, with a fresh profile. */
  readonly userBrowser: UserBrowser
  /** Opens a tab of that browser. */
  readonly open: (url: string) => Promise<Tab>
}

/** The same test in every privacy world: whatever is particular to one engine belongs to another folder. */
export const test = base.extend<Fixtures & Options>({
  privacyWorld: ['chromium-allowed', { option: true }],
  cookies: ['on', { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  world: async ({}, use) => {
    await using world = await startWorld()
    await use(world)
  },
  userBrowser: async ({ privacyWorld, cookies, world }, use) => {
    const { certificate } = world
    await using browser = await launchBrowser(privacyWorld, { certificate, ...(cookies === 'off' && { cookies }) })
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

// Firefox and WebKit start slowly where two tests share two cores.
test.setTimeout(90_000)

/**
 * Notes in the report, and in docs/browsers.md, what an engine truly cannot do; the test then states what it does
 * instead. Never a skip.
 */
export function stateFact(fact: string, link: string): void {
  test.info().annotations.push({ type: 'fact', description: `${fact} ([more](${link}))` })
}

export { expect } from '@playwright/test'
