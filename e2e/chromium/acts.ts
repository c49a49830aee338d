import type { Snapshot } from '@isthmus/client'
import { expect, type Locator, type Page } from '@playwright/test'
import { PATIENCE } from '../patience.ts'

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
  await expect(status(page)).toHaveText(/signed-out|signed in|denied/)
  const { host } = new URL(page.url())
  await page.evaluate('window.beforeSignIn = true; void session.signIn()')
  const isBack = `location.host === '${host}' && !window.beforeSignIn && !location.hash.startsWith('#isthmus=')`
  await page.getByLabel('User').fill(user)
  await page.getByRole('button', { name: 'Sign in' }).click()
  // Evaluated from outside the page: a strict policy forbids it inside, and a page that is leaving answers nothing.
  await expect.poll(() => page.evaluate(isBack).catch(() => false), PATIENCE).toBe(true)
}

/** Signs in at the auth domain itself, on behalf of no site. */
export async function signInAtHub(page: Page, hub: string, user: string): Promise<void> {
  await page.goto(`${hub}/login`)
  await page.getByLabel('User').fill(user)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Auth domain' }).waitFor()
}
