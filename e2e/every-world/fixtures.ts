import type { Tab } from '@isthmus/testing'
import { test as base } from '../fixtures.ts'

interface Fixtures {
  /** Opens a tab of the user's browser. */
  readonly open: (url: string) => Promise<Tab>
}

/** The same test in every privacy world: whatever is particular to one engine belongs to another folder. */
export const test = base.extend<Fixtures>({
  open: async ({ userBrowser }, use) => {
    await use(async (url) => {
      const tab = await userBrowser.newTab()
      await tab.goto(url)
      return tab
    })
  },
})

/**
 * Notes in the report, and in docs/browsers.md, what an engine truly cannot do; the test then states what it does
 * instead. Never a skip.
 */
export function stateFact(fact: string, link: string): void {
  test.info().annotations.push({ type: 'fact', description: `${fact} ([more](${link}))` })
}

export { expect } from '@playwright/test'
