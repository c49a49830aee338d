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

/** The path of the Chromium on this machine, if there is one that starts. `ISTHMUS_CHROMIUM` names another. */
export function findChromium(): string | undefined {
  return findEngine(chromiumEngine)
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
