import type { FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter'
import { reasonOfFacts } from './are-facts-due.ts'
import { engineVersions, isDocumented } from './versions.ts'

/** Says whether the facts about engines are part of a run and why; and, if they hold for a new version, to name it. */
class FactsReporter implements Reporter {
  private facts: readonly TestCase[] = []

  onBegin(_: unknown, suite: Suite): void {
    this.facts = suite.allTests().filter((test) => test.parent.project()?.name === 'engines')
    const reason = reasonOfFacts()
    if (this.facts.length > 0) console.log(`Facts about engines run: ${reason}.`)
    else if (reason === undefined)
      console.log('Facts about engines do not run: docs/browsers.md names these engines. --project engines runs them.')
  }

  onEnd(_: FullResult): void {
    if (this.facts.length === 0 || !this.facts.every((test) => test.ok())) return
    for (const engine of engineVersions().filter((one) => !isDocumented(one)))
      console.log(`Facts about engines hold for ${engine.name} ${engine.installed}: name it in docs/browsers.md.`)
  }
}

// biome-ignore lint/style/noDefaultExport: Playwright loads the default export of a reporter.
export default FactsReporter
