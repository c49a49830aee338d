import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTab } from '../browser/create-tab.ts'
import { startGuarded } from '../browser/guarded-process.ts'
import type { UserBrowser } from '../browser/user-browser.ts'
import { findFirefox } from '../engines/engines.ts'
import { type Bidi, connectBidi } from './bidi.ts'
import { collectConsole } from './firefox-console.ts'
import { createFirefoxDriver } from './firefox-driver.ts'
import { type Preference, writePreferences } from './firefox-preferences.ts'

/** Settings of {@link launchFirefox}. */
export interface FirefoxOptions {
  /** More preferences. They win: `{ 'network.proxy.type': 0 }` lets the browser out of loopback. */
  readonly preferences?: Readonly<Record<string, Preference>>
  /** `off`: the user let no site keep anything; every kind of storage throws. */
  readonly cookies?: 'off'
  /** Default true. */
  readonly headless?: boolean
  /** Default: what {@link findFirefox} finds. */
  readonly executablePath?: string
}

/** All cookies blocked: nsICookieService's BEHAVIOR_REJECT. */
const cookiesOff = { 'network.cookie.cookieBehavior': 2 } as const

/**
 * Starts a stock Firefox, driven over WebDriver BiDi, with Total Cookie Protection as it ships. Every certificate counts.
 *
 * @throws if no Firefox is found, or it does not start
 */
export async function launchFirefox(options: FirefoxOptions = {}): Promise<UserBrowser> {
  const { headless = true, executablePath = findFirefox() } = options
  if (!executablePath) throw new Error('No Firefox on this machine: ensureEngines() installs one.')
  const profile = await mkdtemp(join(tmpdir(), 'isthmus-firefox-'))
  await writeFile(
    join(profile, 'user.js'),
    writePreferences({ ...(options.cookies === 'off' && cookiesOff), ...options.preferences }),
  )
  const firefox = startGuarded(
    executablePath,
    [
      ...(headless ? ['--headless'] : []),
      '--no-remote',
      '--profile',
      profile,
      '--remote-debugging-port=0',
      'about:blank',
    ],
    { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' },
  )
  let bidi: Bidi | undefined
  const close = async (): Promise<void> => {
    bidi?.close()
    await firefox.stop()
    await rm(profile, { recursive: true, force: true, maxRetries: 10 })
  }
  try {
    // Firefox writes the address of its socket to stderr.
    const address = await firefox.ready(() => /WebDriver BiDi listening on (ws:\S+)/.exec(firefox.said())?.[1])
    const connection = await connectBidi(`${address}/session`)
    bidi = connection
    const { capabilities } = await connection.send<{ capabilities: { browserName: string; browserVersion: string } }>(
      'session.new',
      { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } },
    )
    const consoleOf = await collectConsole(connection)
    /** The user of one user context: what people know as a container. Cookies, storage and permissions are its own. */
    const createUser = (user: string, closeUser: () => Promise<void>): UserBrowser => ({
      world: 'firefox',
      version: `${capabilities.browserName}/${capabilities.browserVersion}`,
      async newTab() {
        const window = { type: 'window', userContext: user }
        const { context } = await connection.send<{ context: string }>('browsingContext.create', window)
        return createTab(createFirefoxDriver(connection, context, () => consoleOf(context)))
      },
      async newUser() {
        const { userContext } = await connection.send<{ userContext: string }>('browser.createUserContext')
        return createUser(userContext, async () => {
          await connection.send('browser.removeUserContext', { userContext })
        })
      },
      async clearCookies(url) {
        await connection.send('storage.deleteCookies', {
          filter: { domain: new URL(url).hostname },
          partition: { type: 'storageKey', userContext: user },
        })
      },
      close: closeUser,
      [Symbol.asyncDispose]: closeUser,
    })
    return createUser('default', close)
  } catch (error) {
    await close()
    throw error
  }
}
