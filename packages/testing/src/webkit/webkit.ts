import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTab } from '../browser/create-tab.ts'
import { type GuardedProcess, startGuarded } from '../browser/guarded-process.ts'
import type { UserBrowser } from '../browser/user-browser.ts'
import { findWebKit, type WebKitPaths } from '../engines/engines.ts'
import { startVirtualDisplay } from './virtual-display.ts'
import { createWebDriver, type WebDriver } from './web-driver.ts'
import { createWebKitDriver } from './webkit-driver.ts'
import { createWindows, type Windows } from './windows.ts'

/** Settings of {@link launchWebKit}. */
export interface WebKitOptions {
  /** Default: what {@link findWebKit} finds. */
  readonly paths?: WebKitPaths
  /** `off`: no cookie is kept. Other storage stays, as WebKit has no switch for it. */
  readonly cookies?: 'off'
}

const goodbyeMs = 3_000

/**
 * Starts WebKitGTK with Intelligent Tracking Prevention, on a display of its own. Every certificate counts.
 *
 * @throws if a part of it is not found or does not start
 */
export async function launchWebKit(options: WebKitOptions = {}): Promise<UserBrowser> {
  const paths = options.paths ?? findWebKit()
  if (!paths) throw new Error('No WebKitGTK on this machine: ensureEngines() installs it.')
  const running: GuardedProcess[] = []
  let session: WebDriver | undefined
  const close = async (): Promise<void> => {
    // Ends the browser in order; the driver and its display follow.
    await Promise.race([session?.delete('').catch(() => {}), sleep(goodbyeMs, undefined, { ref: false })])
    for (const process of running.toReversed()) await process.stop()
  }
  try {
    const display = await startVirtualDisplay(paths.display)
    running.push(display.process)
    const { address, driver } = await startDriver(paths.driver, display.name)
    running.push(driver)
    const webDriver = await createWebDriver(address, {
      acceptInsecureCerts: true,
      // The driver waits for frames too, and for restored pages for ever: tabs wait themselves.
      pageLoadStrategy: 'none',
      // Of the builds of MiniBrowser only GTK 3's heeds --enable-itp under automation.
      'webkitgtk:browserOptions': {
        binary: paths.browser,
        args: ['--automation', '--enable-itp', ...(options.cookies === 'off' ? ['--cookies-policy=never'] : [])],
      },
    })
    session = webDriver
    return createUser(webDriver, createWindows(webDriver), close)
  } catch (error) {
    await close()
    throw error
  }
}

/** A user of the session; their windows are their own, and the profile is everybody's. */
function createUser(
  session: WebDriver,
  windows: Windows,
  close: (opened: readonly string[]) => Promise<void>,
): UserBrowser {
  const opened: string[] = []
  const closeUser = (): Promise<void> => close(opened)
  return {
    world: 'webkit',
    version: session.version,
    async newTab() {
      const window = await windows.open()
      opened.push(window)
      return createTab(createWebKitDriver(windows, window))
    },
    newUser: async () =>
      createUser(session, windows, async (theirs) => {
        for (const window of theirs) await windows.close(window)
      }),
    async clearCookies(url) {
      // WebDriver removes the cookies of a page, so one has to be open.
      const window = await windows.open()
      await createWebKitDriver(windows, window).goto(url)
      await windows.use(window, () => session.delete('/cookie'))
      await windows.close(window)
    },
    close: closeUser,
    [Symbol.asyncDispose]: closeUser,
  }
}

/**
 * Starts a driver that listens where nobody else does: on a loopback address picked at random, so that the port, found
 * free a moment ago, is not taken in between.
 */
async function startDriver(command: string, display: string): Promise<{ address: string; driver: GuardedProcess }> {
  const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const port = await findPort(host)
  const driver = startGuarded(command, [`--host=${host}`, `--port=${port}`], {
    ...process.env,
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    // Root and containers cannot have it; the pages are our own.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
  })
  const address = `http://${host}:${port}`
  const status = (): Promise<true | undefined> =>
    fetch(`${address}/status`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    )
  await driver.ready(status).catch(async (error: unknown) => {
    await driver.stop()
    throw error
  })
  return { address, driver }
}

async function findPort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
