import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

const packages = readdirSync(new URL('packages/', ROOT), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'php')
  .map(({ name }) => ({ name, manifest: JSON.parse(read(`packages/${name}/package.json`)) as Manifest }))

/** Each dependency, with the packages that have it. */
const found = new Map<string, string[]>()
for (const { name, manifest } of packages) {
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (!dependency.startsWith('@isthmus/')) found.set(dependency, [...(found.get(dependency) ?? []), name])
  }
}

describe('docs/dependencies.md', () => {
  it('has the reason of each dependency, and of no other', () => {
    const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$/gm)]
    const listed = Object.fromEntries(rows.map(([, name, places]) => [name, (places ?? '').split(', ').sort()]))
    expect(listed).toEqual(Object.fromEntries([...found].map(([name, places]) => [name, [...places].sort()])))
  })

  it('is true of install scripts: no package of ours has one', () => {
    const hooks = packages.flatMap(({ manifest }) => Object.keys(manifest.scripts ?? {}))
    expect(hooks.filter((hook) => /^(?:pre|post)?(?:install|prepare)/.test(hook))).toEqual([])
  })

  it('is true of the lock file: a hash for each package, and no address', () => {
    const { packages: locked } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>
    }
    const installed = Object.entries(locked).filter(([path, { link }]) => path.includes('node_modules/') && !link)
    expect(installed.length).toBeGreaterThan(100)
    for (const [path, { integrity, resolved }] of installed) {
      expect(integrity, path).toMatch(/^sha512-/)
      expect(resolved, path).toBeUndefined()
    }
  })
})
