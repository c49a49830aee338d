import type { Snapshot } from '@isthmus/client'
import { expect, type Locator, type Page } from '@playwright/test'

/** What the page shows of the session. */
export function status(page: Page): Locator {
  return page.locator('output')
}

/** What the page knows of the session. */
export function snapshot(page: Page): Promise<Snapshot> {
  return page.evaluate('session.current')
}

/** Every snapshot that was announced since the page was loaded, the first one included. */
export function seen(page: Page): Promise<Snapshot[]> {
  return page.evaluate('seen')
}

/** Ends the session from a site's page. */
export async function signOut(page: Page): Promise<void> {
  await page.evaluate('session.signOut()')
}

/** Signs in from a site's page, as a user does, and waits to be back. */
export async function signIn(page: Page, user: string): Promise<void> {
  const back = await leave(page)
  await page.getByLabel('User').fill(user)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await back()
}

/** Signs in where the login page asks nothing, or where there is a session already. */
export async function signInAtOnce(page: Page): Promise<void> {
  const back = await leave(page)
  await back()
}

/** Signs in at the auth domain itself, on behalf of no site. */
export async function signInAtHub(page: Page, hub: string, user: string): Promise<void> {
  await page.goto(`${hub}/login`)
  await page.getByLabel('User').fill(user)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Auth domain' }).waitFor()
}

/** Starts to sign in; the result waits until the site's page is there again. */
async function leave(page: Page): Promise<() => Promise<void>> {
  await expect(status(page)).toHaveText(/signed-out|signed in|denied/)
  const { host } = new URL(page.url())
  await page.evaluate('window.beforeSignIn = true; void session.signIn()')
  const isBack = `location.host === '${host}' && !window.beforeSignIn && !location.hash.startsWith('#isthmus=')`
  // Evaluated from outside the page: a strict policy forbids it inside, and a page that is leaving answers nothing.
  return () => expect.poll(() => page.evaluate(isBack).catch(() => false)).toBe(true)
}
