import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'

const settleMs = 30_000

/** Puts `front` before `page`, which must be tabs of one window, and lets `page` notice. Returns once it is hidden. */
export async function hidePage(page: Page, front: Page): Promise<void> {
  await front.bringToFront()
  await emulateFocus(page, false)
  await untilVisibility(page, 'hidden')
}

/** Brings `page` to the front. Returns once it is visible; from then on it stays so, as Playwright's pages do. */
export async function showPage(page: Page): Promise<void> {
  await page.bringToFront()
  await untilVisibility(page, 'visible')
  await emulateFocus(page, true)
}

interface PlaywrightInternals {
  _connection?: {
    toImpl?: (page: unknown) => {
      delegate?: { _mainFrameSession?: { _client?: { send(method: string, parameters: object): Promise<unknown> } } }
    }
  }
}

/**
 * Playwright tells every page that it has the focus, which keeps it visible behind others too. The setting belongs to
 * Playwright's own CDP session: a second one (`newCDPSession`) cannot take it back, and no public call reaches the first.
 */
async function emulateFocus(page: Page, enabled: boolean): Promise<void> {
  const client = (page as PlaywrightInternals)._connection?.toImpl?.(page)?.delegate?._mainFrameSession?._client
  if (!client) throw new Error('This version of Playwright keeps its CDP session elsewhere: pages cannot be hidden.')
  await client.send('Emulation.setFocusEmulationEnabled', { enabled })
}

async function untilVisibility(page: Page, wanted: DocumentVisibilityState): Promise<void> {
  const deadline = Date.now() + settleMs
  for (;;) {
    // A navigation under way takes the context with it: then the next document is asked.
    const state = await page.evaluate(() => document.visibilityState).catch((error: unknown) => String(error))
    if (state === wanted) return
    if (page.isClosed() || Date.now() > deadline) throw new Error(`${page.url()} does not become ${wanted}: ${state}`)
    await sleep(10)
  }
}
