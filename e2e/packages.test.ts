import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const run = promisify(execFile)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const NAMES = ['protocol', 'client', 'server', 'site', 'testing']

interface Pack {
  readonly name: string
  readonly files: readonly { readonly path: string }[]
}

/** The paths that npm would publish, of each package. */
const packs = run(
  'npm',
  ['pack', '--dry-run', '--json', '--ignore-scripts', ...NAMES.flatMap((name) => ['--workspace', `@isthmus/${name}`])],
  { cwd: root },
).then(({ stdout }) => JSON.parse(stdout) as readonly Pack[])

describe.each(NAMES)('@isthmus/%s, as npm publishes it', (name) => {
  test('holds what it exports, its README and its licence, and neither tests nor what a build left', async () => {
    const pack = (await packs).find((one) => one.name === `@isthmus/${name}`)
    const paths = pack?.files.map(({ path }) => path) ?? []
    const { exports } = JSON.parse(read(`packages/${name}/package.json`)) as Manifest
    const wanted = Object.values(exports).flatMap((entry) => Object.values(entry).map((path) => path.replace('./', '')))
    expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', ...wanted]))
    expect(read(`packages/${name}/LICENSE`)).toBe(read('LICENSE'))

    const places = /^(?:package\.json|README\.md|LICENSE|(?:dist|src|assets)\/.+)$/
    expect(paths.filter((path) => !places.test(path) || /\.test|tsbuildinfo|test-results/.test(path))).toEqual([])
  })

  test('every link of its README leads somewhere', () => {
    const links = [...read(`packages/${name}/README.md`).matchAll(/\]\((?!https?:)([^)#]+)/g)]
    expect(links.length).toBeGreaterThan(0)
    for (const [, target = ''] of links) read(join('packages', name, target))
  })
})

test('the README of @isthmus/testing shows files that are run by a test', () => {
  const blocks = [...read('packages/testing/README.md').matchAll(/^```jsx file=(\S+)\n(.*?)^```$/gms)]
  expect(blocks).toHaveLength(2)
  for (const [, file = '', code] of blocks) expect(read(file)).toBe(code)
})

test('@isthmus/testing/fake needs nothing: it runs in an empty folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-fake-'))
  try {
    cpSync(join(root, 'packages/testing/dist/fake'), folder, { recursive: true })
    const program = `
      import { createFakeSession } from './index.js'
      const session = createFakeSession()
      session.setSignedIn({ sub: '1', name: 'Ada' })
      console.log(session.current.user.name)`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder })
    expect(stdout).toBe('Ada\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
