import { ensureEngines, launchChromium } from '@isthmus/testing'
import { ensureLanguages } from './languages.ts'
import { makeRoomForPacked } from './packed.ts'

/**
 * Installs the engines and languages that are missing, and measures what a browser's start takes here and now. The
 * workers inherit the paths and the measure. Gives what takes away again what the run put on disk.
 */
async function setUp(): Promise<() => Promise<void>> {
  Object.assign(process.env, ensureEngines())
  ensureLanguages()
  const startedAt = performance.now()
  await using _ = await launchChromium({ thirdPartyCookies: 'allowed' })
  process.env.ISTHMUS_BROWSER_START_MS = String(Math.round(performance.now() - startedAt))
  return makeRoomForPacked()
}

// biome-ignore lint/style/noDefaultExport: Playwright calls the default export of a global set-up.
export default setUp
