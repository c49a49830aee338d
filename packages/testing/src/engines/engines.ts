import { chromium } from 'playwright'
import { type Engine, findEngine } from './engine.ts'
import { ensureEngine } from './install-engine.ts'

const chromiumEngine: Engine = {
  name: 'Chromium',
  commands: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    '/usr/bin/chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  aptPackages: ['chromium', 'fonts-liberation'],
  playwright: { browser: 'chromium', path: () => chromium.executablePath() },
  variable: 'ISTHMUS_CHROMIUM',
}

// Playwright's Firefox and WebKit are patched builds with other cookie rules: they would show what no user sees.
const firefoxEngine: Engine = {
  name: 'Firefox',
  commands: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
  aptPackages: ['firefox-esr'],
  variable: 'ISTHMUS_FIREFOX',
}

const webKitPackages = ['webkit2gtk-driver', 'libwebkit2gtk-4.1-0', 'xvfb']

const webKitEngines: Readonly<Record<keyof WebKitPaths, Engine>> = {
  driver: {
    name: 'WebKitGTK (driver)',
    commands: ['WebKitWebDriver'],
    trial: ['--help'],
    aptPackages: webKitPackages,
    variable: 'ISTHMUS_WEBKIT_DRIVER',
  },
  browser: {
    name: 'WebKitGTK (MiniBrowser)',
    commands: [
      ...['x86_64', 'aarch64', 'riscv64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/webkit2gtk-4.1/MiniBrowser`),
      '/usr/libexec/webkit2gtk-4.1/MiniBrowser',
      '/usr/lib/webkit2gtk-4.1/MiniBrowser',
    ],
    // Without a display it says nothing but that.
    trial: 'none',
    aptPackages: webKitPackages,
    variable: 'ISTHMUS_WEBKIT_BROWSER',
  },
  display: {
    name: 'Xvfb (for WebKitGTK)',
    commands: ['Xvfb'],
    trial: ['-help'],
    aptPackages: webKitPackages,
    variable: 'ISTHMUS_XVFB',
  },
}

/** The parts of WebKitGTK that tests need. */
export interface WebKitPaths {
  readonly driver: string
  readonly browser: string
  readonly display: string
}

/** The path of the Chromium on this machine, if there is one that starts. `ISTHMUS_CHROMIUM` names another. */
export function findChromium(): string | undefined {
  return findEngine(chromiumEngine)
}

/** The path of the Firefox on this machine, if there is one that starts. `ISTHMUS_FIREFOX` names another. */
export function findFirefox(): string | undefined {
  return findEngine(firefoxEngine)
}

/** The parts of WebKitGTK, if all are on this machine. `ISTHMUS_WEBKIT_DRIVER`, `ISTHMUS_WEBKIT_BROWSER` and `ISTHMUS_XVFB` name others. */
export function findWebKit(): WebKitPaths | undefined {
  const driver = findEngine(webKitEngines.driver)
  const browser = findEngine(webKitEngines.browser)
  const display = findEngine(webKitEngines.display)
  return driver && browser && display ? { driver, browser, display } : undefined
}

/**
 * The path of a Chromium that starts, installed first if there is none.
 *
 * @throws if there is none and none can be installed
 */
export function ensureChromium(): string {
  const path = ensureEngine(chromiumEngine)
  if (!path) throw new Error('No Chromium: the lines above say why.')
  return path
}

/**
 * Installs the engines of all privacy worlds that are missing. One that cannot be had is said on stderr, with cause and
 * cure; its browser does not launch then.
 *
 * @returns environment variables that name the engines, so that other processes need not look for them
 * @throws where one cannot be had and `CI` is `true`
 */
export function ensureEngines(): Record<string, string> {
  const engines = [chromiumEngine, firefoxEngine, ...Object.values(webKitEngines)]
  return Object.fromEntries(
    engines.flatMap((engine) => {
      const path = ensureEngine(engine)
      return path ? [[engine.variable, path]] : []
    }),
  )
}
