import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createCertificate, launchBrowser, PRIVACY_WORLDS } from '@isthmus/testing'
import { expect, test } from '@playwright/test'

/** How many processes were started with this in their environment and still run. */
function countRunning(mark: string): number {
  const isMarked = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
    } catch {
      return false
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMarked(name)).length
}

for (const world of PRIVACY_WORLDS) {
  test(`closing the browser of ${world} leaves no process`, async () => {
    const mark = randomUUID()
    process.env.ISTHMUS_MARK = mark
    const browser = await launchBrowser(world, { certificate: await createCertificate(['a.localhost']) })
    delete process.env.ISTHMUS_MARK
    await browser.newTab()
    expect(countRunning(mark)).toBeGreaterThan(0)
    await browser.close()
    await expect.poll(() => countRunning(mark)).toBe(0)
  })
}
