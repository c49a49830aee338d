import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What each package may import of the others; see the rule of dependencies in ARCHITECTURE.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  client: ['protocol'],
  hub: ['protocol'],
  server: ['protocol'],
  site: ['protocol'],
}

/** Folders of these packages are rooms: what one imports leads to no room that leads back to it. */
const HAS_ROOMS = ['client']

function sourcesOf(name: string): string[] {
  const folder = join(ROOT, 'packages', name, 'src')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|test-kit|test-world)\.ts$/.test(file))
    .map((file) => join(folder, file))
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    ([, target]) => target ?? '',
  )
}

/** The way from a room back to itself, if there is one. */
function circleIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>()
  const walk = (room: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room]
    if (done.has(room)) return undefined
    for (const next of arrows.get(room) ?? []) {
      const circle = walk(next, [...way, room])
      if (circle) return circle
    }
    done.add(room)
    return undefined
  }
  for (const room of arrows.keys()) {
    const circle = walk(room, [])
    if (circle) return circle
  }
  return undefined
}

function arrowsOf(name: string): Map<string, Set<string>> {
  const folder = join(ROOT, 'packages', name, 'src')
  const roomOf = (file: string): string => {
    const [room = '', inner] = relative(folder, file).split('/')
    // Files beside the rooms are rooms of their own.
    return inner === undefined ? room : `${room}/`
  }
  const arrows = new Map<string, Set<string>>()
  for (const file of sourcesOf(name)) {
    for (const target of importsOf(file).filter((one) => one.startsWith('.'))) {
      const [from, to] = [roomOf(file), roomOf(resolve(dirname(file), target))]
      if (from !== to) arrows.set(from, (arrows.get(from) ?? new Set()).add(to))
    }
  }
  return arrows
}

test.each(Object.entries(MAY_IMPORT))('%s imports of the other packages only what stands below it', (name, allowed) => {
  const ours = sourcesOf(name)
    .flatMap(importsOf)
    .filter((target) => target.startsWith('@isthmus/'))
  const packages = new Set(ours.map((target) => target.split('/')[1] ?? ''))
  // Its own name stands in examples.
  expect([...packages].filter((one) => one !== name && !allowed.includes(one))).toEqual([])
})

describe.each(HAS_ROOMS)('the rooms of %s', (name) => {
  test('lead one way', () => {
    expect(circleIn(arrowsOf(name))).toBeUndefined()
  })

  test('are found: the test would see a circle', () => {
    const arrows = arrowsOf(name)
    expect(arrows.size).toBeGreaterThan(3)
    const [from, targets] = [...arrows].find(([, some]) => some.size > 0) ?? ['', new Set()]
    const [to = ''] = targets
    arrows.set(to, new Set([...(arrows.get(to) ?? []), from]))
    expect(circleIn(arrows)).toBeDefined()
  })
})
