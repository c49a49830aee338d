import { ensureEngines } from '@isthmus/testing'
import { ensureLanguages } from './languages.ts'

/** Installs the engines and languages that are missing. The workers inherit the paths, so that none of them looks for them again. */
function installEngines(): void {
  Object.assign(process.env, ensureEngines())
  ensureLanguages()
}

// biome-ignore lint/style/noDefaultExport: Playwright calls the default export of a global set-up.
export default installEngines
