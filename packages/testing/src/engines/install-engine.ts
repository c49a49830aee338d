import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Engine, type Environment, findEngine, locate, type RunResult, run } from './engine.ts'

/**
 * Finds an engine or installs it: with apt-get on Debian and Ubuntu, as root or through a sudo that asks nothing, else
 * as Playwright's own download. If nothing works it says so on stderr, with cause and cure.
 *
 * @returns the executable, or undefined where there is none
 * @throws where there is none and `CI` is `true`: there a missing engine must not look like a passed test
 */
export function ensureEngine(engine: Engine, environment: Environment = process.env): string | undefined {
  const found = findEngine(engine, environment)
  if (found) return found

  const causes: string[] = []
  for (const install of [installWithApt, installWithPlaywright]) {
    const cause = install(engine, environment)
    const path = findEngine(engine, environment)
    if (path) return path
    causes.push(cause)
  }
  const message = explain(engine, causes)
  process.stderr.write(message)
  if (environment.CI === 'true') throw new Error(message)
  return undefined
}

function installWithApt(engine: Engine, environment: Environment): string {
  if (locate('apt-get', environment).length === 0) return 'apt-get: not a Debian or Ubuntu machine'
  const isRoot = process.getuid?.() === 0
  if (!isRoot && !run('sudo', ['-n', 'true'], environment).ok)
    return 'apt-get: neither root nor a sudo without password'

  say(`Installing ${engine.name} with apt-get (${engine.aptPackages.join(', ')}); this takes a minute…`)
  const elevate = isRoot ? [] : ['sudo', '-n']
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120']
  const aptGet = (...parameters: string[]): RunResult => {
    const call = [
      ...takeTurn(environment),
      ...elevate,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      ...options,
      ...parameters,
    ]
    return run(call[0] ?? '', call.slice(1), environment)
  }
  // A failed update may still leave lists that serve: the install decides.
  const updated = aptGet('update')
  const installed = aptGet('install', '--no-install-recommends', ...engine.aptPackages)
  if (!installed.ok) return `apt-get install: ${installed.why}${updated.ok ? '' : ` (apt-get update: ${updated.why})`}`
  return 'apt-get: installed, but it does not start'
}

/** Test files run at the same time, and apt-get refuses where another is at work: with flock each call waits for its turn. */
function takeTurn(environment: Environment): string[] {
  if (locate('flock', environment).length === 0) return []
  return ['flock', '-w', '900', join(tmpdir(), `isthmus-apt-${process.getuid?.()}.lock`)]
}

function installWithPlaywright(engine: Engine, environment: Environment): string {
  if (!engine.playwright) return `playwright: has no ${engine.name} of this kind`
  say(`Installing ${engine.name} as Playwright's download; this takes a minute…`)
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
  const result = run(process.execPath, [cli, 'install', '--no-shell', engine.playwright.browser], environment)
  return result.ok ? 'playwright install: done, but it does not start' : `playwright install: ${result.why}`
}

function explain(engine: Engine, causes: readonly string[]): string {
  const line = '='.repeat(80)
  return [
    '',
    line,
    `NO ${engine.name.toUpperCase()} ON THIS MACHINE, AND NONE COULD BE INSTALLED`,
    ...causes.map((cause) => `  - ${cause}`),
    'Cure, any one of these:',
    `  - apt-get install ${engine.aptPackages.join(' ')}`,
    ...(engine.playwright ? [`  - npx playwright install --with-deps ${engine.playwright.browser}`] : []),
    `  - ${engine.variable}=/path/to/executable`,
    line,
    '',
  ].join('\n')
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)
