import type { ThirdPartyCookies } from '@isthmus/testing'
import type { PlaywrightTestConfig } from '@playwright/test'

const config: PlaywrightTestConfig<{ thirdPartyCookies: ThirdPartyCookies }> = {
  testDir: './e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './e2e/global-setup.ts',
  timeout: 30_000,
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: process.env.CI === 'true',
  reporter: 'list',
  projects: [
    { name: 'chromium-allowed', use: { thirdPartyCookies: 'allowed' } },
    { name: 'chromium-blocked', use: { thirdPartyCookies: 'blocked' } },
  ],
}

export default config
