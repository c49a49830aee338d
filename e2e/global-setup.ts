import { ensureChromium } from '@isthmus/testing'

/** Installs the engines that are missing. The workers inherit the path, so that none of them looks for it again. */
function installEngines(): void {
  process.env.ISTHMUS_CHROMIUM = ensureChromium()
}

// biome-ignore lint/style/noDefaultExport: Playwright calls the default export of a global set-up.
export default installEngines
