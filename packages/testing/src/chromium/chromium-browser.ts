import { setTimeout as sleep } from 'node:timers/promises'
import type { Frame, Page } from 'playwright'
import { createTab } from '../browser/create-tab.ts'
import type { ScopeDriver } from '../browser/driver.ts'
import type { ConsoleLine, Tab } from '../browser/tab.ts'
import type { UserBrowser } from '../browser/user-browser.ts'
import { type Chromium, type ChromiumOptions, launchChromium } from './chromium.ts'

const loadMs = 30_000

/** Starts Chromium behind the interface that all engines share; `chromium` and the tabs' `page` reach Playwright's. */
export async function launchChromiumBrowser(options: ChromiumOptions): Promise<UserBrowser> {
  return createChromiumBrowser(await launchChromium(options))
}

function createChromiumBrowser(chromium: Chromium): UserBrowser {
  const { context, thirdPartyCookies, close } = chromium
  return {
    world: `chromium-${thirdPartyCookies}`,
    version: `chromium/${context.browser()?.version() ?? 'unknown'}`,
    chromium,
    newTab: async () => createChromiumTab(chromium, await chromium.newPage()),
    newUser: async () => createChromiumBrowser(await chromium.newUser()),
    clearCookies: (url) => context.clearCookies({ domain: new URL(url).hostname }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function createChromiumTab(chromium: Chromium, page: Page): Tab {
  const lines: ConsoleLine[] = []
  page.on('console', (line) => {
    const { url } = line.location()
    lines.push({ level: levels[line.type()] ?? 'info', text: line.text(), ...(url ? { url } : {}) })
  })
  page.on('pageerror', (error) => lines.push({ level: 'error', text: String(error) }))
  const waitUntil = 'domcontentloaded'
  const tab = createTab({
    ...createScopeDriver(page, () => page.mainFrame()),
    async goto(url) {
      await page.goto(url, { waitUntil }).catch(async (error: unknown) => {
        // The error page comes a moment later; another navigation before it would be taken for this one's.
        if (String(error).includes('net::ERR_')) await page.waitForURL('chrome-error://**', { waitUntil: 'commit' })
        throw error
      })
    },
    url: async () => page.url(),
    reload: async () => void (await page.reload({ waitUntil })),
    back: () => goBack(page),
    hide: () => chromium.hide(page),
    show: () => chromium.show(page),
    close: () => page.close(),
    screenshot: async () => (await page.screenshot()).toString('base64'),
    frame: (urlPrefix) =>
      createScopeDriver(page, () => {
        const found = page.frames().find((frame) => frame !== page.mainFrame() && frame.url().startsWith(urlPrefix))
        if (!found) throw new Error(`No frame: ${urlPrefix}`)
        return found
      }),
    console: async () => [...lines],
  })
  return { ...tab, page }
}

/**
 * Goes to the page before, and waits until that is the tab's. A restored page has no event but this one. Playwright's own
 * `goBack` fails where another navigation ends meanwhile, such as Chromium's second attempt at a page that failed.
 */
async function goBack(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  try {
    await session.send('Page.enable')
    const { currentIndex, entries } = await session.send('Page.getNavigationHistory')
    const before = entries[currentIndex - 1]
    if (!before) throw new Error('There is no page before this one.')
    let isBack = false
    session.on('Page.frameNavigated', ({ frame: { parentId, url, urlFragment = '' } }) => {
      isBack ||= parentId === undefined && url + urlFragment === before.url
    })
    session.on('Page.navigatedWithinDocument', ({ url }) => {
      isBack ||= url === before.url
    })
    await session.send('Page.navigateToHistoryEntry', { entryId: before.id })
    for (const deadline = Date.now() + loadMs; !isBack; await sleep(10)) {
      if (Date.now() > deadline)
        throw new Error(`Not back at ${before.url} within ${loadMs} ms; still at ${page.url()}`)
    }
  } finally {
    await session.detach().catch(() => undefined)
  }
}

const levels: Readonly<Record<string, ConsoleLine['level']>> = { debug: 'debug', warning: 'warning', error: 'error' }

function createScopeDriver(page: Page, locate: () => Frame): ScopeDriver {
  return {
    evaluate: async (expression) => locate().evaluate<string | undefined>(expression),
    async click(element) {
      const handle = (await locate().evaluateHandle<Element | undefined>(element)).asElement()
      if (!handle) throw new Error('Nothing to click on.')
      await handle.click()
      await handle.dispose()
    },
    async press(keys) {
      for (const key of keys) await ([...key].length === 1 ? page.keyboard.type(key) : page.keyboard.press(key))
    },
  }
}
