import { type Chromium, launchChromium, type ThirdPartyCookies } from '@isthmus/testing'
import { test as base, type Page } from '@playwright/test'
import { startWorld, type World } from '../world.ts'

interface Options {
  /** Set by the project: how the browser treats third-party cookies. */
  readonly thirdPartyCookies: ThirdPartyCookies
}

interface Fixtures {
  /** A hub and its sites, on domains of their own, over https. */
  readonly world: World
  /** One user's browser, with a fresh profile. */
  readonly browserOfUser: Chromium
  /** Opens a tab of that browser. */
  readonly open: (url: string) => Promise<Page>
}

export const test = base.extend<Fixtures & Options>({
  thirdPartyCookies: ['allowed', { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  world: async ({}, use) => {
    await using world = await startWorld()
    await use(world)
  },
  browserOfUser: async ({ thirdPartyCookies, world }, use) => {
    await using browser = await launchChromium({ thirdPartyCookies, certificate: world.certificate })
    await use(browser)
  },
  open: async ({ browserOfUser }, use) => {
    await use(async (url) => {
      const page = await browserOfUser.newPage()
      await page.goto(url)
      return page
    })
  },
})

export { expect } from '@playwright/test'
