import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const document = readFileSync(new URL('SECURITY.md', ROOT), 'utf8')

/** Rows of "Who attacks": the attack, its defence, and the tests that mount it. */
const rows = document
  .slice(document.indexOf('## Who attacks'), document.indexOf('## What the auth domain'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))

/** Where a test of the table stands: those of packages are named without `src`, those of the server without its name. */
function fileOf(name: string): string | undefined {
  const [first = '', ...rest] = name.split('/')
  const places = [name, `packages/server/src/${name}`, `packages/${first}/src/${rest.join('/')}`]
  return places.map((place) => fileURLToPath(new URL(place, ROOT))).find(existsSync)
}

describe('SECURITY.md', () => {
  it('has a defence and a test for every attack', () => {
    expect(rows.length).toBeGreaterThan(40)
    for (const row of rows) expect(row, row[0]).toHaveLength(3)
  })

  it.each(rows)('mounts: %s', (_attack, _defence, tests) => {
    const names = [...(tests ?? '').matchAll(/`([^`]+\.(?:test|spec)\.ts)`/g)].map(([, name]) => name as string)
    expect(names).not.toEqual([])
    for (const name of names) {
      const file = fileOf(name)
      expect(file, name).toBeDefined()
      expect(readFileSync(file as string, 'utf8'), name).toMatch(/\b(?:test|it)(?:\.\w+)?[(`<]/)
    }
  })
})
