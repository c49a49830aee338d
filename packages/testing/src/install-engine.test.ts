import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Engine, findEngine } from './engine.ts'
import { ensureEngine } from './install-engine.ts'

const engine: Engine = {
  name: 'Testium',
  commands: ['testium-stub', 'testium'],
  aptPackages: ['testium', 'fonts-test'],
  variable: 'TESTIUM',
}

let folder: string
let environment: Record<string, string>
let stderr: string

/** Puts a shell script on the PATH of the test. */
const command = (name: string, script: string): Promise<void> =>
  writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-engines-'))
  environment = { PATH: ['/nowhere', folder].join(delimiter) }
  await symlink('/usr/bin/env', join(folder, 'env'))
  await command('sudo', 'shift; exec "$@"')
  stderr = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text
    return true
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

test('the first command on PATH that starts is the engine', async () => {
  expect(findEngine(engine, environment)).toBeUndefined()
  await command('testium-stub', 'echo "install the snap" >&2; exit 10')
  await command('testium', 'echo 1.0')
  expect(findEngine(engine, environment)).toBe(join(folder, 'testium'))
  expect(ensureEngine(engine, environment)).toBe(join(folder, 'testium'))
  expect(stderr).toBe('')
})

test('one that starts but is of no use is passed over', async () => {
  await command('testium-stub', '[ "$*" = "--version" ]')
  await command('testium', '[ "$*" = "-c import what-is-needed" ]')
  expect(findEngine({ ...engine, probe: ['-c', 'import what-is-needed'] }, environment)).toBe(join(folder, 'testium'))
})

test('the environment may name the executable', () => {
  expect(findEngine(engine, { ...environment, TESTIUM: '/opt/testium' })).toBe('/opt/testium')
})

test('a missing engine is installed with apt-get, without questions', async () => {
  const log = join(folder, 'log')
  const installed = join(folder, 'testium')
  await command(
    'apt-get',
    `echo "$DEBIAN_FRONTEND $@" >> ${log}
     case "$*" in *install*) printf '#!/bin/sh\\n' > ${installed}; /bin/chmod 755 ${installed};; esac`,
  )
  expect(ensureEngine(engine, environment)).toBe(installed)
  expect(stderr).toContain('Installing Testium with apt-get (testium, fonts-test)')
  const calls = (await readFile(log, 'utf8')).trim().split('\n')
  expect(calls).toHaveLength(2)
  expect(calls[0]).toMatch(/^noninteractive .* update$/)
  expect(calls[1]).toMatch(/^noninteractive -q -y .* install --no-install-recommends testium fonts-test$/)
})

test('where nothing works, cause and cure are said, and CI stops', async () => {
  await command('apt-get', 'echo "E: Unable to locate package testium" >&2; exit 100')
  expect(ensureEngine(engine, environment)).toBeUndefined()
  expect(stderr).toContain('NO TESTIUM ON THIS MACHINE')
  expect(stderr).toContain('E: Unable to locate package testium')
  expect(stderr).toContain('TESTIUM=/path/to/executable')
  expect(() => ensureEngine(engine, { ...environment, CI: 'true' })).toThrow('apt-get install testium fonts-test')
})
