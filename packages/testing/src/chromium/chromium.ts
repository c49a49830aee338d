import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { type Certificate, publicKeyHash } from '../certificate.ts'
import { findChromium } from '../engines/engines.ts'
import { readDefaultArguments, restoreUserDefaults } from './chromium-arguments.ts'
import { hidePage, showPage } from './visibility.ts'

/** Chrome ships with third-party cookies `allowed`; Incognito, Brave and Debian's Chromium have them `blocked`. */
export type ThirdPartyCookies = 'allowed' | 'blocked'

/** Settings of {@link launchChromium}. */
export interface ChromiumOptions {
  readonly thirdPartyCookies: ThirdPartyCookies
  /** `off`: the user let no site keep anything ("block all cookies"); every kind of storage throws. */
  readonly cookies?: 'off'
  /**
   * Hosts with this certificate count as properly certified. Give it whenever they speak https: without it certificate
   * errors are only ignored for pages, and every new connection of a SharedWorker fails, a stream's reconnect among them.
   */
  readonly certificate?: Pick<Certificate, 'cert'>
  /** Default true. */
  readonly headless?: boolean
  /** Default: what {@link findChromium} finds. */
  readonly executablePath?: string
  /** More switches. They come last, so they win: `--host-resolver-rules=` lets the browser out of loopback. */
  readonly args?: readonly string[]
}

/** One user's Chromium, with a fresh profile. */
export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext
  readonly thirdPartyCookies: ThirdPartyCookies
  /** Opens a tab in front of the others. Playwright keeps tabs behind others visible, until `hide`. */
  newPage(): Promise<Page>
  /** Makes a tab a hidden one, as when its user looks at another. Until `show`, clicks on it and animation frames wait. */
  hide(page: Page): Promise<void>
  /** Brings a tab to the front, visible and focused. */
  show(page: Page): Promise<void>
  /** Another user of the same process: a browser context, whose privacy rules are those of the profile. */
  newUser(): Promise<Chromium>
  /** Ends the browser and removes its profile. Of a further user, only what is theirs. */
  close(): Promise<void>
}

const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']

// Chromium asks ::1 as well for *.localhost, where another program may own the port. All other names are unknown, so
// that the browser's own chatter does not leave the machine.
const loopbackOnly =
  '--host-resolver-rules=MAP *.localhost 127.0.0.1,MAP localhost 127.0.0.1,EXCLUDE 127.0.0.1,MAP * ~NOTFOUND'

const cookieControlsMode = { allowed: 0, blocked: 1 } satisfies Record<ThirdPartyCookies, number>

/**
 * Starts Chromium with the privacy behaviour users have: storage partitioned by top-level site, bfcache on, hidden tabs
 * throttled, third-party cookies as told. Playwright alone switches the first three off.
 *
 * @throws if no Chromium is found, or Playwright's command line cannot be read
 */
export async function launchChromium(options: ChromiumOptions): Promise<Chromium> {
  const { thirdPartyCookies, certificate, headless = true, executablePath = findChromium() } = options
  if (!executablePath) throw new Error('No Chromium on this machine: ensureChromium() installs one.')
  const changes = restoreUserDefaults(await readDefaultArguments())
  const profile = await createProfile(options)
  const removeProfile = (): Promise<void> => rm(profile, { recursive: true, force: true, maxRetries: 10 })

  const context = await chromium
    .launchPersistentContext(profile, {
      executablePath,
      headless,
      ignoreHTTPSErrors: true,
      chromiumSandbox: false,
      ignoreDefaultArgs: [...changes.ignore],
      args: [
        ...changes.add,
        ...quiet,
        loopbackOnly,
        ...(certificate ? [`--ignore-certificate-errors-spki-list=${publicKeyHash(certificate)}`] : []),
        ...(options.args ?? []),
      ],
    })
    .catch(async (error: unknown) => {
      await removeProfile()
      throw error
    })

  return createUser(context, thirdPartyCookies, async () => {
    await context.close()
    await removeProfile()
  })
}

/** The user of one context. Contexts are to Chromium what its Incognito is: profiles in memory, with the settings of the one on disk. */
function createUser(
  context: BrowserContext,
  thirdPartyCookies: ThirdPartyCookies,
  close: () => Promise<void>,
): Chromium {
  // The tab the browser starts with stays blank: hiding a page means looking at another one.
  let [blank] = context.pages()
  return {
    context,
    thirdPartyCookies,
    newPage: () => context.newPage(),
    async hide(page) {
      if (!blank || blank.isClosed()) blank = await context.newPage()
      await hidePage(page, blank)
    },
    show: showPage,
    async newUser() {
      const another = await context.browser()?.newContext({ ignoreHTTPSErrors: true })
      if (!another) throw new Error('The browser is closed.')
      return createUser(another, thirdPartyCookies, () => another.close())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function createProfile({ thirdPartyCookies, cookies }: ChromiumOptions): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), 'isthmus-chromium-'))
  const preferences = {
    profile: {
      cookie_controls_mode: cookieControlsMode[thirdPartyCookies],
      ...(cookies === 'off' && { default_content_setting_values: { cookies: 2 } }),
    },
  }
  await mkdir(join(profile, 'Default'))
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
  return profile
}
