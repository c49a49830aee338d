import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Rolldown } from 'vite'
import { expect, onTestFinished, test } from 'vitest'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

// Regression: it said "run the build" to people whose own bundler had left the files behind.
test('a server that was bundled into one file says what to do about it', async () => {
  const { output } = (await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { '@isthmus/protocol': path('../../../protocol/src/index.ts') } },
    ssr: { noExternal: true },
    build: { ssr: path('assets.ts'), write: false },
  })) as Rolldown.RolldownOutput
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-bundled-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'server.mjs')
  await writeFile(file, output[0].code)
  const { readAssets } = (await import(pathToFileURL(file).href)) as typeof import('./assets.ts')
  await expect(readAssets()).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('leave it out of the bundle (external)'),
  })
})
