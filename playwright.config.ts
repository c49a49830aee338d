import type { PrivacyWorld, ThirdPartyCookies } from '@isthmus/testing'
import type { PlaywrightTestConfig } from '@playwright/test'

/** The specs that are written against every engine; the others need what only Playwright's Chromium can do. */
const EVERY_WORLD = './e2e/every-world'

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
  reporter: [['list'], ['./e2e/worlds-reporter.ts']],
  projects: [
    { name: 'chromium-allowed', use: { thirdPartyCookies: 'allowed', privacyWorld: 'chromium-allowed' } },
    { name: 'chromium-blocked', use: { thirdPartyCookies: 'blocked', privacyWorld: 'chromium-blocked' } },
    { name: 'firefox', testDir: EVERY_WORLD, use: { privacyWorld: 'firefox' } },
    { name: 'webkit', testDir: EVERY_WORLD, use: { privacyWorld: 'webkit' } },
  ],
}

export default config
