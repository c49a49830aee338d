import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test as base, expect } from '@playwright/test'
import { freePort } from '../back-ends.ts'
import { installPackedIn } from '../packed.ts'

const run = promisify(execFile)

/** The configuration names the variable, not the secret. */
const env = { ...process.env, ASSERTION_KEY: 'a shared key of thirty-two bytes!' }

/** Reads what a command says until it says this. */
async function until(child: ChildProcess, text: string): Promise<string> {
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk) => (said += chunk))
  for (const end = Date.now() + 60_000; !said.includes(text); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`It never said "${text}": ${said}`)
  }
  return said
}

/** A folder with nothing in it but the packed packages, installed, and what is started in it. */
const test = base.extend<{ folder: string; start: (...parameters: string[]) => ChildProcess }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-packed-'))
    await installPackedIn(folder)
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  start: async ({ folder }, use) => {
    const started: ChildProcess[] = []
    // npx does not pass every signal on: the command itself is started.
    const command = join(folder, 'node_modules', '.bin', 'isthmus')
    await use((...parameters) => {
      const child = spawn(process.execPath, [command, ...parameters], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      started.push(child)
      return child
    })
    for (const child of started) child.kill('SIGKILL')
  },
})

test('npx isthmus in an empty folder serves a hub, takes orders while it runs, and ends when told to', async ({
  folder,
  start,
}) => {
  const port = await freePort()
  const origin = `http://auth.localhost:${port}`
  const config = {
    origin,
    store: './data',
    login: { assertion: { key: { env: 'ASSERTION_KEY' } } },
    listen: { port },
    sites: [{ id: 'shop', origins: ['http://shop.localhost:4001'] }],
  }
  await writeFile(join(folder, 'isthmus.config.json'), JSON.stringify(config, undefined, 2))
  const isthmus = (...parameters: string[]) =>
    run('npx', ['--no-install', 'isthmus', ...parameters], { cwd: folder, env }).catch((error) => error)

  expect((await isthmus('check-config')).stdout).toContain('isthmus.config.json is well.')
  const child = start('serve')
  await until(child, `is served at http://127.0.0.1:${port}.`)
  const health = await fetch(`http://127.0.0.1:${port}/isthmus/healthz`)
  expect(health.status).toBe(200)
  expect((await fetch(`http://127.0.0.1:${port}/isthmus/client.js`)).status).toBe(200)
  const published = async (): Promise<string[]> => {
    const { keys } = await (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).json()
    return keys.map(({ kid }: { kid: string }) => kid)
  }
  const before = await published()
  const rotated = JSON.parse((await isthmus('keys', 'rotate', '--json')).stdout)
  // The running hub did it: its set has the key at once.
  expect(await published()).toEqual([...before, rotated.kid])
  expect(JSON.parse((await isthmus('sessions', 'list', 'ann', '--json')).stdout)).toEqual([])
  expect(await isthmus('sessions', 'revoke', 'nothing')).toMatchObject({ code: 1, stdout: 'No sessions ended.\n' })

  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  // Without a hub that runs, the store itself is asked.
  expect(JSON.parse((await isthmus('keys', 'list', '--json')).stdout).map(({ kid }: { kid: string }) => kid)).toEqual([
    ...before,
    rotated.kid,
  ])

  await writeFile(
    join(folder, 'isthmus.config.json'),
    (await readFile(join(folder, 'isthmus.config.json'), 'utf8')).replace('"sites"', '"stes"'),
  )
  const wrong = await isthmus('serve')
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toMatch(/isthmus\.config\.json:\d+: stes is no option; there are origin/)
  expect(await isthmus('surve')).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command 'surve'") })
})

test('a back end in CommonJS requires @isthmus/site, each entry point, without a flag or a warning', async ({
  folder,
}) => {
  await writeFile(
    join(folder, 'server.cjs'),
    `const { createVerifier } = require('@isthmus/site')
    const { isthmus, backchannelLogout } = require('@isthmus/site/express')
    const { toNode } = require('@isthmus/site/node')
    const verifier = createVerifier({ hub: 'https://auth.example', site: 'shop' })
    const made = [isthmus(verifier), backchannelLogout(verifier), toNode(async () => new Response())]
    verifier.verify(new Request('https://shop.example/')).then(({ error }) => {
      console.log(JSON.stringify({ made: made.map((one) => typeof one), code: error.code }))
    })`,
  )
  const { stdout, stderr } = await run(process.execPath, ['server.cjs'], { cwd: folder, env: {} })
  expect({ ...JSON.parse(stdout), stderr }).toEqual({
    made: ['function', 'function', 'function'],
    code: 'token-missing',
    stderr: '',
  })
})
