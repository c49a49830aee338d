/** A preference's value. */
export type Preference = string | number | boolean

/**
 * Preferences of the test profile. None touches what pages can notice: cookies, storage, process isolation, bfcache and
 * throttling stay as Firefox ships them. (Puppeteer's and Playwright's profiles change some of these.) While it is driven,
 * Firefox itself sets more, which keep it from calling home.
 */
const preferences: Readonly<Record<string, Preference>> = {
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.page': 0,
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.unified': false,
  // Firefox asks ::1 as well for *.localhost, where another program may own the port.
  'network.dns.disableIPv6': true,
  // Nothing leaves the machine: all but loopback goes to a proxy that is not there.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': 'localhost,.localhost,127.0.0.1',
}

/** The text of a `user.js`. */
export function writePreferences(more: Readonly<Record<string, Preference>> = {}): string {
  return Object.entries({ ...preferences, ...more })
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('')
}
