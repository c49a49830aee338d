import { availableParallelism } from 'node:os'
import type { PrivacyWorld } from '@isthmus/testing'
import type { PlaywrightTestConfig } from '@playwright/test'
import { areFactsDue } from './e2e/engines/are-facts-due.ts'
import { HANG_MS, PATIENCE } from './e2e/patience.ts'

/** The specs that are written against every engine; the others need what only Playwright's Chromium can do. */
const EVERY_WORLD = ['**/every-world/*.spec.ts', '**/front-ends/next-site.spec.ts']
const CHROMIUM = ['**/every-world/*.spec.ts', '**/chromium/*.spec.ts', '**/front-ends/*.spec.ts']

/** What the worlds differ in plays no part in these: one shows it. */
const IN_ONE_WORLD = [
  '**/chromium/{account,back-ends,central-logout,command,demo}.spec.ts',
  '**/front-ends/!(next-site).spec.ts',
]
/** Strangers know most where third-party cookies reach the hub. */
const WHERE_COOKIES_ARE_SENT = '**/chromium/hostile-pages.spec.ts'
/** What a foreign page may learn: there, and in another engine. */
const ORACLES = '**/oracles/*.spec.ts'

const config: PlaywrightTestConfig<object, { privacyWorld: PrivacyWorld }> = {
  testDir: './e2e',
  globalSetup: './e2e/global-setup.ts',
  timeout: HANG_MS,
  expect: { timeout: PATIENCE.timeout },
  fullyParallel: true,
  // A test waits for its pages about half of the time.
  workers: Math.ceil(1.5 * availableParallelism()),
  // A test that fails now and then is a fault, of the program or its own: nothing is tried twice. A machine that is busy
  // with other work may try once more, and the summary names each such test.
  retries: process.env.CI === 'true' ? 1 : 0,
  forbidOnly: process.env.CI === 'true',
  reporter: [['./e2e/worlds-reporter.ts'], ['./e2e/engines/facts-reporter.ts']],
  projects: [
    {
      name: 'chromium-allowed',
      testMatch: [...CHROMIUM, ORACLES],
      testIgnore: IN_ONE_WORLD,
      use: { privacyWorld: 'chromium-allowed' },
    },
    {
      name: 'chromium-blocked',
      testMatch: CHROMIUM,
      testIgnore: WHERE_COOKIES_ARE_SENT,
      use: { privacyWorld: 'chromium-blocked' },
    },
    { name: 'firefox', testMatch: [...EVERY_WORLD, ORACLES], use: { privacyWorld: 'firefox' } },
    { name: 'webkit', testMatch: EVERY_WORLD, use: { privacyWorld: 'webkit' } },
    // Each file has one server and one browser of a kind for all of its tests.
    { name: 'back-ends', testDir: './e2e/back-ends', fullyParallel: false },
    ...(areFactsDue() ? [{ name: 'engines', testDir: './e2e/engines', fullyParallel: false }] : []),
  ],
}

export default config
