// `npm run fuzz -- --seconds 60`: tries random inputs for so long, the time divided among all targets: the tests of each
// packages/*/src/fuzz.test.ts. A failure prints the smallest input and the seed: put the input into the corpus beside it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'

const seconds = Number(parseArgs({ options: { seconds: { type: 'string', default: '60' } } }).values.seconds)
if (!(seconds > 0)) throw new Error('--seconds needs a number above 0.')

const files = readdirSync('packages')
  .map((name) => `packages/${name}/src/fuzz.test.ts`)
  .filter((file) => existsSync(file))
const targets = files.flatMap((file) => readFileSync(file, 'utf8').match(/^it\(/gm) ?? []).length
// One after another: then the time is what was asked for.
const child = spawn('vitest', ['run', ...files, '--no-file-parallelism'], {
  stdio: 'inherit',
  env: { ...process.env, ISTHMUS_FUZZ_TARGET_MS: String((seconds * 1000) / targets) },
})
const [code] = await once(child, 'close')
process.exit(code ?? 1)
