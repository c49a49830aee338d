import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { build, type Rolldown } from 'vite'
import { expect, test } from 'vitest'
import { createWorld, HUB, SITE } from './token.test-world.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** What every runtime at the edge has; nothing of Node is there. */
const EDGE = [
  ...['fetch', 'Request', 'Response', 'Headers', 'URL', 'URLSearchParams', 'ReadableStream', 'crypto', 'CryptoKey'],
  ...['TextEncoder', 'TextDecoder', 'AbortSignal', 'AbortController', 'atob', 'btoa', 'console', 'performance'],
  ...['setTimeout', 'clearTimeout', 'structuredClone', 'Uint8Array', 'ArrayBuffer'],
] as const

// Regression: the verifier hashed tokens with node:crypto, and no middleware at the edge could hold it.
test('the verifier runs where there is nothing of Node', async () => {
  const { output } = (await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { '@isthmus/protocol': path('../../protocol/src/index.ts') } },
    build: { write: false, minify: false, lib: { entry: path('index.ts'), formats: ['iife'], name: 'site' } },
  }).then((built) => (Array.isArray(built) ? built[0] : built))) as Rolldown.RolldownOutput
  const [{ code }] = output
  expect(code).not.toMatch(/["']node:/)

  await using world = await createWorld()
  const globals = Object.fromEntries(EDGE.map((name) => [name, Reflect.get(globalThis, name)]))
  const context = createContext({ ...globals, options: { hub: HUB, site: SITE, jwks: world.jwks, clock: world.now } })
  runInContext(`${code}; globalThis.site = site`, context)
  const user = (headers: object): Promise<unknown> => {
    Object.assign(context, { headers })
    return runInContext('site.createVerifier(options).verify({ headers: new Headers(headers) })', context)
  }
  const cookie = `isthmus_token=${await world.token()}`
  expect(await user({ cookie })).toMatchObject({ status: 'signed-in', user: { sub: 'customer' } })
  expect(await user({})).toMatchObject({ status: 'unknown', error: { code: 'token-missing' } })
})

test('programs in CommonJS require it', async () => {
  const program = `
    const { createVerifier } = require('@isthmus/site')
    const { isthmus } = require('@isthmus/site/express')
    const { toNode } = require('@isthmus/site/node')
    console.log(typeof createVerifier, typeof isthmus, typeof toNode)`
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program], {
    cwd: path('..'),
  })
  expect(stdout.trim()).toBe('function function function')
  expect(stderr).not.toMatch(/error/i)
})
