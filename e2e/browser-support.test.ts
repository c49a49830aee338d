import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// docs/browsers.md says from which versions on browsers run what pages load. The newest features of the bundles decide.

const root = new URL('../', import.meta.url)

type Versions = readonly [chrome: number, firefox: number, safari: number]

/** Features of 2021 and later, and the first versions that have them, as caniuse.com and MDN tell. */
const FEATURES: readonly (readonly [used: RegExp, since: Versions])[] = [
  [/\?\?=/, [85, 79, 14]],
  [/\.replaceAll\(/, [85, 77, 13.1]],
  [/navigator\.locks/, [69, 96, 15.4]],
  [/TextDecoderStream/, [71, 105, 14.1]],
  [/\.hasOwn\(/, [93, 92, 15.4]],
  [/reportError\(/, [95, 93, 15.4]],
  [/\.at\(-/, [92, 90, 15.4]],
  [/structuredClone\(/, [98, 94, 15.4]],
  [/static\{/, [94, 93, 16.4]],
  // Asked for with `?.`, and done without.
  [/AbortSignal\.timeout\(/, [103, 100, 16]],
  [/AbortSignal\.any\(/, [116, 124, 17.4]],
  [/\.findLast\(/, [97, 104, 15.4]],
  [/\.toSorted\(/, [110, 115, 16]],
  [/URL\.canParse\(/, [120, 115, 17]],
  [/Object\.groupBy\(/, [117, 119, 17.4]],
  [/Promise\.withResolvers\(/, [119, 121, 17.4]],
]

function bundles(): string[] {
  const folders = ['packages/client/dist/', 'packages/server/assets/', 'packages/server/assets/immutable/']
  return folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(new URL(folder + name, root), 'utf8')),
  )
}

test('the table of browsers names what the bundles need', () => {
  const code = bundles()
  const used = FEATURES.filter(([pattern]) => code.some((text) => pattern.test(text))).map(([, since]) => since)
  const [chrome, firefox, safari] = [0, 1, 2].map((browser) => Math.max(...used.map((since) => since[browser] ?? 0)))
  const document = readFileSync(new URL('docs/browsers.md', root), 'utf8')
  expect(document).toContain(`| Chrome, Edge ${chrome} | Firefox ${firefox} | Safari ${safari} |`)
})
