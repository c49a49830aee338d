import type { Chromium } from '../chromium/chromium.ts'
import type { Tab } from './tab.ts'

/** The privacy rules that people's browsers follow, each in a stock engine. */
export const PRIVACY_WORLDS = ['chromium-allowed', 'chromium-blocked', 'firefox', 'webkit'] as const

/**
 * - `chromium-allowed`: third-party cookies work, storage is partitioned (Chrome as it ships)
 * - `chromium-blocked`: only partitioned cookies reach third-party frames (Chrome Incognito, Brave)
 * - `firefox`: Total Cookie Protection
 * - `webkit`: WebKitGTK with Intelligent Tracking Prevention; third-party frames have no cookies at all. Near to Safari,
 *   and not Safari
 */
export type PrivacyWorld = (typeof PRIVACY_WORLDS)[number]

/** One user's browser, with a fresh profile. */
export interface UserBrowser extends AsyncDisposable {
  readonly world: PrivacyWorld
  /** For people: `firefox/153.7.0`. */
  readonly version: string
  /** Opens a blank tab. */
  newTab(): Promise<Tab>
  /** Removes the cookies of one host, in every partition. WebKit opens the address for it. */
  clearCookies(url: string): Promise<void>
  /**
   * Another user of the browser that runs already, at a small part of the price of a launch. Chromium's and Firefox's users
   * share no cookie, storage or permission. WebKit has one profile for all of them: give each test hosts of its own.
   * Closing a user closes their tabs, and leaves the browser and its other users alone.
   */
  newUser(): Promise<UserBrowser>
  /** Ends the browser with all its processes and removes its profile. */
  close(): Promise<void>
  /** What only Chromium can do, through Playwright. */
  readonly chromium?: Chromium
}
