import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { PRIVACY_WORLDS, type PrivacyWorld } from '@isthmus/testing'
import type { FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter'

const DOCUMENT = new URL('../docs/browsers.md', import.meta.url)
const GENERATED = /(?<=<!-- generated:scenarios -->\n).*(?=<!-- \/generated -->)/s

const NAMES: Readonly<Record<PrivacyWorld, string>> = {
  'chromium-allowed': 'Chromium, third-party cookies allowed',
  'chromium-blocked': 'Chromium, third-party cookies blocked',
  firefox: 'Firefox, Total Cookie Protection',
  webkit: 'WebKitGTK, Intelligent Tracking Prevention',
}

/**
 * Says at the end how each privacy world fared, and writes the table of docs/browsers.md anew after a whole run that
 * passed; with `CI=true` it only says that they differ.
 */
class WorldsReporter implements Reporter {
  private tests: readonly TestCase[] = []

  onBegin(_: unknown, suite: Suite): void {
    this.tests = suite.allTests()
  }

  onEnd({ status }: FullResult): void {
    console.log('\nPrivacy worlds')
    for (const world of PRIVACY_WORLDS) console.log(`  ${NAMES[world].padEnd(46)}${countsOf(this.testsOf(world))}`)
    const isWhole = process.argv.slice(2).join(' ') === 'test'
    if (isWhole && status === 'passed') this.document()
  }

  private testsOf(world: PrivacyWorld): readonly TestCase[] {
    return this.tests.filter((test) => test.parent.project()?.name === world)
  }

  private document(): void {
    const before = readFileSync(DOCUMENT, 'utf8')
    const after = before.replace(GENERATED, () => this.table())
    if (after === before) return
    if (process.env.CI === 'true') {
      console.error(
        '\ndocs/browsers.md does not show this run. Run npm test without CI=true, and commit what it writes.',
      )
      return
    }
    writeFileSync(DOCUMENT, after)
    console.log('\ndocs/browsers.md shows this run now.')
  }

  private table(): string {
    const facts: string[] = []
    const topics = new Map<string, Map<string, Partial<Record<PrivacyWorld, string>>>>()
    for (const world of PRIVACY_WORLDS) {
      for (const test of this.testsOf(world)) {
        if (!test.location.file.includes('every-world')) continue
        const topic = topicOf(test)
        const scenarios = topics.get(topic) ?? new Map()
        topics.set(
          topic,
          scenarios.set(nameOf(test), { ...scenarios.get(nameOf(test)), [world]: `✓${notes(test, facts)}` }),
        )
      }
    }
    const worlds = PRIVACY_WORLDS.map((world) => NAMES[world].replace(', ', ',<br>'))
    const head = `| ${worlds.join(' | ')} |\n| --- |${' :-: |'.repeat(worlds.length)}`
    const tables = [...topics].map(([topic, scenarios]) => {
      const rows = [...scenarios].map(
        ([name, row]) => `| ${name} | ${PRIVACY_WORLDS.map((one) => row[one] ?? '–').join(' | ')} |`,
      )
      return `### ${topic}\n\n| ${head}\n${rows.join('\n')}\n`
    })
    const legend = facts.map((fact, index) => `${index + 1}. ${fact}`)
    return `${tables.join('\n')}\n### What the numbers say\n\n${legend.join('\n')}\n`
  }
}

/** The numbers of the facts that a test states of its world. */
function notes({ annotations }: TestCase, facts: string[]): string {
  const stated = annotations.flatMap(({ type, description = '' }) => (type === 'fact' ? [description] : []))
  // A test that needed a second attempt has stated it twice.
  const numbers = [...new Set(stated)].map((description) => {
    const fact = description.replace('(docs/browsers.md)', '(#browsers)')
    if (!facts.includes(fact)) facts.push(fact)
    return ` <sup>${facts.indexOf(fact) + 1}</sup>`
  })
  return numbers.join('')
}

/** What the name of a file says: `sign-in-once.spec.ts` is "Sign in once". */
function topicOf({ location }: TestCase): string {
  const words = basename(location.file, '.spec.ts').replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function nameOf(test: TestCase): string {
  // The path begins with nothing, the project and the file.
  return test.titlePath().slice(3).join(', ').replaceAll('|', '\\|')
}

function countsOf(tests: readonly TestCase[]): string {
  const outcomes = tests.map((test) => test.outcome())
  const words = { expected: 'passed', flaky: 'passed at the second attempt', unexpected: 'failed', skipped: 'skipped' }
  return Object.entries(words)
    .map(([outcome, word]) => [outcomes.filter((one) => one === outcome).length, word] as const)
    .filter(([count, word]) => count > 0 || word === 'passed')
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}

// biome-ignore lint/style/noDefaultExport: Playwright loads the default export of a reporter.
export default WorldsReporter
