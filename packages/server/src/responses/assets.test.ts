import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Rolldown } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { createWorld } from '../hub.test-world.ts'

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

test('each script that pages load is served with the hash that the build has published for it', async () => {
  await using world = await createWorld()
  const published: Record<string, string> = JSON.parse(await readFile(path('../../assets/integrity.json'), 'utf8'))
  const parts = ['client-diagnosis', 'client-features', 'client-page', 'client-travel', 'hub', 'key', 'worker']
  expect(Object.keys(published)).toEqual([
    'client.js',
    ...parts.map((name) => expect.stringMatching(new RegExp(`^assets/${name}-[\\w-]{8}\\.js$`))),
  ])
  for (const [name, integrity] of Object.entries(published)) {
    const response = await world.agent().send(`/isthmus/${name}`)
    const hash = createHash('sha384').update(Buffer.from(await response.arrayBuffer()))
    expect(`sha384-${hash.digest('base64')}`).toBe(integrity)
    // A page that pins a script asks for it by CORS (SRI §3.5).
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  }
})
