// Puts the table that a whole, passed run of the end-to-end specs has left into docs/browsers.md.
import { readFileSync, writeFileSync } from 'node:fs'

const table = readFileSync(new URL('../test-results/scenarios.md', import.meta.url), 'utf8')
const document = new URL('../docs/browsers.md', import.meta.url)
const generated = /(?<=<!-- generated:scenarios -->\n).*(?=<!-- \/generated -->)/s
writeFileSync(
  document,
  readFileSync(document, 'utf8').replace(generated, () => table),
)
