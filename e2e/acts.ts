import type { Locator, Page } from '@playwright/test'

/** What the page shows of the session. */
export function status(page: Page): Locator {
  return page.locator('output')
}

/** Signs in from a site's page, as a user does, and waits to be back. */
export async function signIn(page: Page, user: string): Promise<void> {
  const from = new URL(page.url()).host
  await page.evaluate('void session.signIn()')
  await page.getByLabel('User').fill(user)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.host === from && !url.hash.startsWith('#isthmus='))
}
