import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { PRIVACY_WORLDS, type PrivacyWorld } from '@isthmus/testing'
import type { FullResult, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter'

const DOCUMENT = new URL('../docs/browsers.md', import.meta.url)
/** What `npm run docs:browsers` puts into the document. */
const TABLE = new URL('../test-results/scenarios.md', import.meta.url)
const GENERATED = /(?<=<!-- generated:scenarios -->\n).*(?=<!-- \/generated -->)/s

const NAMES: Readonly<Record<PrivacyWorld, string>> = {
  'chromium-allowed': 'Chromium, third-party cookies allowed',
  'chromium-blocked': 'Chromium, third-party cookies blocked',
  firefox: 'Firefox, Total Cookie Protection',
  webkit: 'WebKitGTK, Intelligent Tracking Prevention',
}

/**
 * Says of every test how it went and how many are left, of a failed one all that it knows, and at the end how each world
 * fared. A whole run that passed leaves the table of docs/browsers.md beside its results.
 */
class WorldsReporter implements Reporter {
  private tests: readonly TestCase[] = []
  private done = 0

  onBegin(_: unknown, suite: Suite): void {
    this.tests = suite.allTests()
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    this.done++
    const sign = { passed: '✓', failed: '✗', timedOut: '✗', interrupted: '✗', skipped: '–' }[result.status]
    const left = `${this.done} done, ${this.tests.length - this.done} left`
    console.log(`${sign} ${worldOf(test)}, ${left}: ${topicOf(test)}: ${nameOf(test)} (${seconds(result.duration)})`)
    if (result.errors.length > 0) console.log(describeFailure(test, result))
  }

  /** What fails outside of tests. */
  onError(error: { readonly message?: string; readonly stack?: string }): void {
    console.log(error.stack ?? error.message)
  }

  printsToStdio(): boolean {
    return true
  }

  onEnd({ status, duration }: FullResult): void {
    if (this.done === 0) {
      this.list()
      return
    }
    const worlds = [...new Set(this.tests.map(worldOf))]
    console.log(`\n${status} in ${seconds(duration)}`)
    for (const world of worlds) console.log(`  ${summarize(world, this.testsOf(world))}`)
    const failed = this.tests.filter((test) => !test.ok())
    if (failed.length > 0) console.log('\nFailed')
    for (const test of failed) console.log(`  ${worldOf(test)}: ${topicOf(test)}: ${nameOf(test)}`)
    const isWhole = process.argv.slice(2).join(' ') === 'test'
    if (isWhole && status === 'passed') this.document()
  }

  /** For `--list`, which runs none. */
  private list(): void {
    for (const test of this.tests) console.log(`${worldOf(test)}: ${topicOf(test)}: ${nameOf(test)}`)
    console.log(`${this.tests.length} tests`)
  }

  private testsOf(world: string): readonly TestCase[] {
    return this.tests.filter((test) => worldOf(test) === world)
  }

  private document(): void {
    const table = this.table()
    mkdirSync(new URL('.', TABLE), { recursive: true })
    writeFileSync(TABLE, table)
    const shown = GENERATED.exec(readFileSync(DOCUMENT, 'utf8'))?.[0]
    if (shown !== table) console.log('\ndocs/browsers.md does not show this run: npm run docs:browsers writes it anew.')
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

function worldOf(test: TestCase): string {
  return test.parent.project()?.name ?? ''
}

/** The numbers of the facts that a test states of its world. */
function notes({ annotations }: TestCase, facts: string[]): string {
  const stated = annotations.flatMap(({ type, description = '' }) => (type === 'fact' ? [description] : []))
  // The steps of a test may state the same.
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

/** Its errors, the steps that failed, and what the test has attached. */
function describeFailure(test: TestCase, { errors, steps, attachments }: TestResult): string {
  const { file, line } = test.location
  const parts = [
    `${file}:${line}`,
    ...steps.filter(({ error, category }) => error && category === 'test.step').map(({ title }) => `in step: ${title}`),
    ...errors.map(({ stack, message, snippet = '' }) => `${stack ?? message}\n${snippet}`),
    ...attachments
      .filter(({ contentType }) => contentType === 'text/plain')
      .map(({ name, body }) => `${name}:\n${body}`),
  ]
  return parts.join('\n\n').replaceAll(/^/gm, '    ')
}

/** The counts of a world, the time that its tests took together, and which took longest. */
function summarize(world: string, tests: readonly TestCase[]): string {
  const results = tests.flatMap((test) => test.results.slice(-1).map(({ duration }) => ({ test, duration })))
  const total = results.reduce((sum, { duration }) => sum + duration, 0)
  const slowest = results.toSorted((one, other) => other.duration - one.duration)[0]
  const last = slowest ? `, longest ${seconds(slowest.duration)}: ${topicOf(slowest.test)}` : ''
  return `${world.padEnd(18)}${countsOf(tests)}, ${seconds(total)} of tests${last}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
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
