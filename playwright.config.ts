import type { PrivacyWorld, ThirdPartyCookies } from '@isthmus/testing'
import type { PlaywrightTestConfig } from '@playwright/test'
import { areFactsDue } from './e2e/engines/are-facts-due.ts'

/** The specs that are written against every engine; the others need what only Playwright's Chromium can do. */
const EVERY_WORLD = ['**/every-world/*.spec.ts', '**/front-ends/next-site.spec.ts']
/** These have projects of their own. */
const APART = ['**/engines/**', '**/back-ends/**']

const config: PlaywrightTestConfig<{ thirdPartyCookies: ThirdPartyCookies; privacyWorld: PrivacyWorld }> = {
  testDir: './e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './e2e/global-setup.ts',
  timeout: 30_000,
  fullyParallel: true,
  // Most of a test is waiting: three keep two cores busy.
  workers: 3,
  // Real browsers on a busy machine: a test that needs a second attempt is reported as flaky.
  retries: 1,
  forbidOnly: process.env.CI === 'true',
  reporter: [['list'], ['./e2e/worlds-reporter.ts'], ['./e2e/engines/facts-reporter.ts']],
  projects: [
    {
      name: 'chromium-allowed',
      testIgnore: APART,
      use: { thirdPartyCookies: 'allowed', privacyWorld: 'chromium-allowed' },
    },
    {
      name: 'chromium-blocked',
      testIgnore: APART,
      use: { thirdPartyCookies: 'blocked', privacyWorld: 'chromium-blocked' },
    },
    { name: 'firefox', testMatch: EVERY_WORLD, use: { privacyWorld: 'firefox' } },
    { name: 'webkit', testMatch: EVERY_WORLD, use: { privacyWorld: 'webkit' } },
    // Each file has one server and one browser of a kind for all of its tests.
    { name: 'back-ends', testDir: './e2e/back-ends', fullyParallel: false },
    ...(areFactsDue() ? [{ name: 'engines', testDir: './e2e/engines', fullyParallel: false, timeout: 60_000 }] : []),
  ],
}

export default config
