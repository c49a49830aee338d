import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@playwright/test'
import { BACK_ENDS, FRAMEWORKS, freePort, startBackEnd } from '../back-ends.ts'
import { foundLanguages } from '../languages.ts'

const command = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

interface Verdict {
  readonly ok: boolean
  readonly results: readonly { readonly name: string; readonly ok: boolean; readonly saw?: string }[]
}

async function verdictOn(url: string, keys: number, mirror: string): Promise<Verdict> {
  const parameters = ['conformance', url, '--json', '--port', String(keys), '--mirror', mirror]
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...parameters]).catch((error) => error)
  return JSON.parse(stdout) as Verdict
}

for (const name of BACK_ENDS) {
  for (const mirror of ['cookie', 'endpoint']) {
    test(`the ${name} site conforms, with the mirror "${mirror}"`, async () => {
      const [port, keys] = [await freePort(), await freePort()]
      const hub = `http://localhost:${keys}`
      const jwks = `http://127.0.0.1:${keys}/.well-known/jwks.json`
      const origin = mirror === 'endpoint' ? { origin: `http://localhost:${port}` } : {}
      await using site = await startBackEnd(name, { hub, site: 'conformance', jwks, port, ...origin })
      test.skip(!site, `${name} could not be had`)
      const { ok, results } = await verdictOn(site?.url ?? '', keys, mirror)
      expect(results.filter((result) => !result.ok)).toEqual([])
      expect(ok).toBe(true)
      expect(results.length).toBeGreaterThan(60)
    })
  }
}

for (const name of FRAMEWORKS) {
  test(`the ${name} site conforms, though its framework protects forms`, async () => {
    const [port, keys] = [await freePort(), await freePort()]
    const options = { hub: `http://localhost:${keys}`, jwks: `http://127.0.0.1:${keys}/.well-known/jwks.json` }
    await using site = await startBackEnd(name, { ...options, site: 'conformance', port })
    test.skip(!site, `${name} could not be had`)
    const { url = '', data = '' } = site ?? {}
    const { results } = await verdictOn(url, keys, 'cookie')
    expect(results.filter((result) => !result.ok)).toEqual([])
    expect(results.length).toBeGreaterThan(60)
    if (name === 'django') return
    // The application is told what ended, once for each logout that was taken.
    const ended = (await readFile(join(data, 'isthmus_logout'), 'utf8')).trim().split('\n')
    expect(ended.filter((line) => line === '[{"sid":"e","sub":"ann"}]')).toHaveLength(1)
    // A redirect to the login would come back here for ever: the page says so itself, and carries the script.
    const page = await (await fetch(`${url}/members`)).text()
    expect(page).toContain(`<script src="${options.hub}/isthmus/client.js" data-mirror="cookie" async></script>`)
  })
}

test('the Laravel site protects its other forms, and keeps the page of a user to that user', async () => {
  const options = { hub: 'http://localhost:1', site: 'shop', jwks: 'http://127.0.0.1:1/', port: await freePort() }
  await using site = await startBackEnd('laravel', options)
  test.skip(!site, 'Laravel could not be had')
  const forged = await fetch(`${site?.url}/form`, { method: 'POST', headers: { accept: 'application/json' } })
  expect(forged.status).toBe(419)
  const guest = await fetch(`${site?.url}/members`)
  expect([guest.status, guest.headers.get('cache-control')]).toEqual([401, 'no-cache, private'])
  expect(guest.headers.get('vary')).toContain('Cookie')
})

const module = fileURLToPath(new URL('../../packages/php/src', import.meta.url))

// Regression: with CSRF protection on, CodeIgniter answers 403 to every logout, and only the hub's log says so.
test('the module exempts logouts from the CSRF protection of CodeIgniter, and switches it on nowhere', async () => {
  const { php } = foundLanguages()
  test.skip(!php, 'php could not be had')
  const exempted = async (before: string): Promise<unknown> => {
    const program = `namespace CodeIgniter { class Controller {} }
      namespace {
        require '${module}/Csrf.php';
        require '${module}/Controllers/BackchannelLogout.php';
        $filters = (object) ['globals' => ['before' => ${before}, 'after' => []]];
        Isthmus\\Csrf::exempt($filters);
        echo json_encode($filters->globals);
      }`
    const { stdout } = await promisify(execFile)(php ?? '', ['-r', program])
    return JSON.parse(stdout)
  }
  const csrf = { except: ['isthmus/backchannel-logout'] }
  expect(await exempted("['honeypot', 'csrf']")).toEqual({ before: { 0: 'honeypot', csrf }, after: [] })
  expect(await exempted("['csrf' => ['except' => 'api/*']]")).toEqual({
    before: { csrf: { except: ['api/*', ...csrf.except] } },
    after: [],
  })
  expect(await exempted("['honeypot']")).toEqual({ before: ['honeypot'], after: [] })
})

// Regression: PSR-4 looks for each class in a file of its own, and the exception had none.
test('each public class of the PHP file is found by its own name', async () => {
  const { php } = foundLanguages()
  test.skip(!php, 'php could not be had')
  for (const name of ['Isthmus', 'Refusal', 'Store', 'FileStore']) {
    const program = `require '${module}/${name}.php';
      exit((int) !(class_exists('Isthmus\\${name}', false) || interface_exists('Isthmus\\${name}', false)));`
    await promisify(execFile)(php ?? '', ['-r', program])
  }
})
