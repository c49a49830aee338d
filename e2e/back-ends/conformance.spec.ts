import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@playwright/test'
import { BACK_ENDS, freePort, startBackEnd } from '../back-ends.ts'

const command = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

interface Verdict {
  readonly ok: boolean
  readonly results: readonly { readonly name: string; readonly ok: boolean; readonly saw?: string }[]
}

for (const name of BACK_ENDS) {
  for (const mirror of ['cookie', 'endpoint']) {
    test(`the ${name} site conforms, with the mirror "${mirror}"`, async () => {
      const [port, keys] = [await freePort(), await freePort()]
      const hub = `http://localhost:${keys}`
      const jwks = `http://127.0.0.1:${keys}/.well-known/jwks.json`
      const origin = mirror === 'endpoint' ? { origin: `http://localhost:${port}` } : {}
      await using site = await startBackEnd(name, { hub, site: 'conformance', jwks, port, ...origin })
      test.skip(!site, `${name} could not be had`)
      const parameters = ['conformance', site?.url ?? '', '--json', '--port', String(keys), '--mirror', mirror]
      const { stdout } = await promisify(execFile)(process.execPath, [command, ...parameters]).catch((error) => error)
      const { ok, results } = JSON.parse(stdout) as Verdict
      expect(results.filter((result) => !result.ok)).toEqual([])
      expect(ok).toBe(true)
      expect(results.length).toBeGreaterThan(60)
    })
  }
}
