// Runs stages one after another: `node scripts/stages.mjs set-up build unit -- <arguments of the last stage>`.
//
// A stage is the script `stage:<name>` of package.json, or all of `stage:<name>:<part>`, two at a time. Each says its
// name and its time on one line. What a stage prints is shown as it comes for the last one and those in LOUD, else
// only if it fails. Needs nothing but Node: set-up is one of the stages.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const AT_ONCE = 2
const LOUD = ['unit', 'fuzz', 'faults', 'e2e', 'bench', 'demo', 'docs']

const root = fileURLToPath(new URL('..', import.meta.url))
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const { scripts } = readJson('package.json')

/** Whether node_modules holds what the lock file says: then `npm ci` would only do it again. */
function isInstalled() {
  try {
    const installed = readJson('node_modules/.package-lock.json').packages
    return Object.entries(readJson('package-lock.json').packages).every(
      // Optional packages are for one platform each.
      ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
    )
  } catch {
    return false
  }
}

const isDone = { 'set-up': isInstalled }

/** One word for the shell. */
function quote(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

async function run(script, parameters, isLoud) {
  const command = [scripts[script], ...parameters.map(quote)].join(' ')
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const child = spawn(command, {
    cwd: root,
    shell: true,
    env: { ...process.env, PATH: path },
    stdio: isLoud ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text))
  const [code] = await once(child, 'close')
  return { script, code: code ?? 1, said }
}

/** Runs a stage; gives what failed. */
async function runStage(name, parameters, isLoud) {
  if (isDone[name]?.()) return []
  const parts = Object.keys(scripts).filter((script) => `${script}:`.startsWith(`stage:${name}:`))
  if (parts.length === 0) throw new Error(`package.json has no script stage:${name}`)
  const failures = []
  const workOff = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const result = await run(part, parameters, isLoud)
      if (result.code !== 0) failures.push(result)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, workOff))
  return failures
}

const [names, parameters] = split(process.argv.slice(2))
for (const name of names) {
  const isLoud = LOUD.includes(name)
  const startedAt = performance.now()
  process.stdout.write(isLoud ? `${name}\n` : `${name} …`)
  const failures = await runStage(name, name === names.at(-1) ? parameters : [], isLoud)
  const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  const outcome = failures.length === 0 ? seconds : `failed after ${seconds}`
  console.log(isLoud ? `${name} ${outcome}` : ` ${outcome}`)
  for (const { script, said } of failures) console.error(isLoud ? `${script} failed` : `\n${script} failed:\n${said}`)
  if (failures.length > 0) process.exit(failures[0].code)
}

function split(args) {
  const end = args.indexOf('--')
  return end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)]
}
