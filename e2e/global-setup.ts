import { ensureEngines, launchChromium } from '@isthmus/testing'
import { ensureLanguages } from './languages.ts'

/**
 * Installs the engines and languages that are missing, and measures what a browser's start takes here and now. The
 * workers inherit the paths and the measure.
 */
async function setUp(): Promise<void> {
  Object.assign(process.env, ensureEngines())
  ensureLanguages()
  const startedAt = performance.now()
  await using _ = await launchChromium({ thirdPartyCookies: 'allowed' })
  process.env.ISTHMUS_BROWSER_START_MS = String(Math.round(performance.now() - startedAt))
}

// biome-ignore lint/style/noDefaultExport: Playwright calls the default export of a global set-up.
export default setUp
