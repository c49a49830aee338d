import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const PUBLISHED = ['protocol', 'client', 'server', 'site', 'cli', 'testing']

interface Packed {
  readonly name: string
  readonly files: readonly { readonly path: string }[]
}

/** What `npm pack` would put into each tarball. */
let packed: Map<string, string[]>
beforeAll(() => {
  const workspaces = PUBLISHED.map((name) => `--workspace=packages/${name}`)
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', ...workspaces], { cwd: root, encoding: 'utf8' })
  const answer: Packed[] | Record<string, Packed> = JSON.parse(said)
  packed = new Map(Object.values(answer).map(({ name, files }) => [name, files.map(({ path }) => path)]))
}, 60_000)

describe.each(PUBLISHED)('packages/%s as it is published', (name) => {
  const manifest = JSON.parse(readFileSync(`${root}packages/${name}/package.json`, 'utf8'))
  const files = (): string[] => packed.get(manifest.name) ?? []

  test('has a README and its licence', () => {
    expect(files()).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']))
  })

  test('has every file that an entry point names', () => {
    const targets = Object.values<string | Record<'types' | 'default', string>>(manifest.exports)
    for (const target of targets.flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one)))) {
      expect(files()).toContain(target.slice(2))
    }
  })

  test('has the source that its maps name, but no test and no build record', () => {
    expect(files()).toContain('src/index.ts')
    expect(files().filter((path) => /\.test|\.tsbuildinfo$|^node_modules|\.svelte$/.test(path))).toEqual([])
  })

  test('depends on no package of ours in another version', () => {
    const others = Object.entries<string>({ ...manifest.dependencies, ...manifest.peerDependencies })
    for (const [other, version] of others.filter(([other]) => other.startsWith('@isthmus/'))) {
      expect(`${other} ${version}`).toBe(`${other} ${manifest.version}`)
    }
  })
})

test('a bundle for React says that it belongs to the browser, for Next.js', () => {
  expect(readFileSync(`${root}packages/client/dist/react/index.js`, 'utf8')).toMatch(/^["']use client["']/)
})

test('each binding holds no copy of the client or the framework', () => {
  for (const framework of ['react', 'vue', 'svelte']) {
    const code = readFileSync(`${root}packages/client/dist/${framework}/index.js`, 'utf8')
    const imports = [...code.matchAll(/\bfrom\s*["'`]([^"'`]+)/g)].map(([, source = '']) => source)
    expect(imports).toContain('@isthmus/client')
    expect(imports.filter((source) => source !== '@isthmus/client' && source.split('/')[0] !== framework)).toEqual([])
  }
})

test('the fake session loads nothing but itself', () => {
  for (const file of ['index', 'fake-session', 'snapshots']) {
    const code = readFileSync(`${root}packages/testing/dist/fake/${file}.js`, 'utf8')
    const imports = [...code.matchAll(/\bfrom\s*["'`]([^"'`]+)/g)].map(([, source = '']) => source)
    expect(imports.filter((source) => !/^\.\/(?:fake-session|snapshots)\.js$/.test(source))).toEqual([])
  }
})

test('the README of the client says how large each of its entry points may be', () => {
  const limits: { path: string; limit: string }[] = JSON.parse(readFileSync(`${root}.size-limit.json`, 'utf8'))
  const readme = readFileSync(`${root}packages/client/README.md`, 'utf8')
  for (const entry of ['', '/react', '/vue', '/svelte', '/devtools']) {
    const file = entry === '' ? '/core.js' : `${entry}/index.js`
    const { limit } = limits.find(({ path }) => path === `packages/client/dist${file}`) ?? {}
    expect(readme).toMatch(new RegExp(`\\| \`@isthmus/client${entry}\` \\|[^|]+\\| ${limit} \\|`))
  }
})
