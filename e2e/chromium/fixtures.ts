import type { Chromium, ThirdPartyCookies } from '@isthmus/testing'
import type { Page } from '@playwright/test'
import { test as base } from '../fixtures.ts'
import { PATIENCE } from '../patience.ts'

interface Fixtures {
  /** How the browser treats third-party cookies. */
  readonly thirdPartyCookies: ThirdPartyCookies
  /** One user's browser, which has never been anywhere. */
  readonly browserOfUser: Chromium
  /** Opens a tab of that browser. */
  readonly open: (url: string) => Promise<Page>
}

/** What only Playwright's Chromium can do. */
export const test = base.extend<Fixtures>({
  thirdPartyCookies: async ({ privacyWorld }, use) => {
    await use(privacyWorld === 'chromium-allowed' ? 'allowed' : 'blocked')
  },
  browserOfUser: async ({ userBrowser }, use) => {
    const { chromium } = userBrowser
    if (!chromium) throw new Error('These specs run in Chromium alone.')
    chromium.context.setDefaultTimeout(PATIENCE.timeout)
    await use(chromium)
  },
  open: async ({ userBrowser, browserOfUser: _ }, use) => {
    await use(async (url) => {
      const { page } = await userBrowser.newTab()
      if (!page) throw new Error('These specs run in Chromium alone.')
      await page.goto(url)
      return page
    })
  },
})

export { expect } from '@playwright/test'
