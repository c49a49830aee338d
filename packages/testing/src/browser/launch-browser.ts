import type { Certificate } from '../certificate.ts'
import { launchChromiumBrowser } from '../chromium/chromium-browser.ts'
import { launchFirefox } from '../firefox/firefox.ts'
import { launchWebKit } from '../webkit/webkit.ts'
import type { PrivacyWorld, UserBrowser } from './user-browser.ts'

/** Settings of {@link launchBrowser}. */
export interface BrowserOptions {
  /** The certificate of the hosts, where they speak https. Chromium must know it; the others take any. */
  readonly certificate?: Pick<Certificate, 'cert'>
  /** `off`: the user switched them off. In Chromium and Firefox every other storage goes with them; WebKit keeps that. */
  readonly cookies?: 'off'
}

/**
 * Starts one user's browser, with a fresh profile.
 *
 * @throws if the engine is not on this machine, or does not start
 */
export async function launchBrowser(world: PrivacyWorld, options: BrowserOptions = {}): Promise<UserBrowser> {
  const { certificate: _, ...others } = options
  switch (world) {
    case 'chromium-allowed':
      return launchChromiumBrowser({ ...options, thirdPartyCookies: 'allowed' })
    case 'chromium-blocked':
      return launchChromiumBrowser({ ...options, thirdPartyCookies: 'blocked' })
    case 'firefox':
      return launchFirefox(others)
    case 'webkit':
      return launchWebKit(others)
  }
}
