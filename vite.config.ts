import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { type BuildEnvironmentOptions, defineConfig, type Plugin, type ViteBuilder } from 'vite'
import { compileSchema } from './packages/protocol/src/compact/compile-schema.ts'
import { writeTables } from './packages/protocol/src/compact/write-tables.ts'
import {
  clientToHubSchema,
  discoverySchema,
  helloSchema,
  hubToClientSchema,
  problemSchema,
  redeemedSchema,
  registeredVisitSchema,
  siteAnswerSchema,
  siteTokenSchema,
  tabToTabSchema,
  welcomeSchema,
} from './packages/protocol/src/index.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const tables = {
  clientToHub: clientToHubSchema,
  discovery: discoverySchema,
  hello: helloSchema,
  hubToClient: hubToClientSchema,
  problem: problemSchema,
  redeemed: redeemedSchema,
  registeredVisit: registeredVisitSchema,
  siteAnswer: siteAnswerSchema,
  siteToken: siteTokenSchema,
  tabToTab: tabToTabSchema,
  welcome: welcomeSchema,
}

/** Browser bundles carry no zod: they import the schemas of the protocol as compact tables, compiled here. */
function schemaTables(): Plugin {
  const id = 'virtual:isthmus/tables'
  return {
    name: 'isthmus:schema-tables',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(source) {
      if (source !== `\0${id}`) return undefined
      return writeTables(
        Object.fromEntries(Object.entries(tables).map(([name, schema]) => [name, compileSchema(schema)])),
      )
    },
  }
}

/** Below it, files whose names hold the hash of their content, as the hub serves them. */
const ASSETS = 'packages/server/assets/immutable'
const ASSETS_PATH = '/isthmus/assets/'

/** The addresses of the parts of the hub page and of the script tag, each built before those that load it: one hash in the document stands for all. */
const parts = { key: '', worker: '', page: '', travel: '', diagnosis: '', features: '' }

function partAddresses(): Plugin {
  const id = 'virtual:isthmus/parts'
  return {
    name: 'isthmus:part-addresses',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(source) {
      if (source !== `\0${id}`) return undefined
      return Object.entries(parts)
        .map(([name, address]) => `export const ${name} = ${JSON.stringify(address)}`)
        .join('\n')
    },
  }
}

/** Builds one part; gives its address. */
async function buildPart(builder: ViteBuilder, name: string): Promise<string> {
  const environment = builder.environments[name]
  if (!environment) throw new Error(`There is no environment "${name}".`)
  const built = (await builder.build(environment)) as { output: readonly [{ fileName: string }] }
  return ASSETS_PATH + built.output[0].fileName
}

/** Writes what pages may pin of the scripts that a hub serves: their names, and their hashes (Subresource Integrity §3.1). */
async function publishIntegrity(): Promise<void> {
  const folder = path('packages/server/assets/')
  const names = ['client.js', ...(await readdir(path(ASSETS))).sort().map((name) => `immutable/${name}`)]
  const hashes = await Promise.all(
    names.map(async (name) => {
      const hash = createHash('sha384').update(await readFile(folder + name))
      return [name.replace('immutable/', 'assets/'), `sha384-${hash.digest('base64')}`]
    }),
  )
  await writeFile(`${folder}integrity.json`, `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`)
}

/** One bundle: where it starts, and the file it becomes. */
function bundle(
  entry: string,
  format: 'es' | 'iife',
  outDir: string,
  fileName: string,
  external: (string | RegExp)[] = [],
): { build: BuildEnvironmentOptions } {
  return {
    build: {
      target: 'es2022',
      minify: 'oxc',
      sourcemap: false,
      emptyOutDir: false,
      outDir: path(outDir),
      rolldownOptions: {
        input: path(entry),
        external,
        // It is kept: "use client" of the entry point stands first in its bundle.
        onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log),
        output: { format, entryFileNames: fileName },
        // Constants that are made of constants, such as the lifetimes of the protocol, are written as what they come to.
        optimization: { inlineConst: { mode: 'all', pass: 3 } },
        preserveEntrySignatures: format === 'es' ? 'strict' : false,
      },
    },
  }
}

/**
 * Modules beside each other: `core` and all that it imports is one file, and what is imported on demand has files of its
 * own, without the loader that Vite has for pages.
 */
function library(entry: string, core: string, outDir: string): { build: BuildEnvironmentOptions } {
  const { build } = bundle(entry, 'es', outDir, 'index.js')
  const { output, ...options } = build.rolldownOptions as { output: object }
  const groups = [{ name: 'core', test: (id: string) => id === path(core) }]
  return {
    build: {
      ...build,
      lib: { entry: path(entry), formats: ['es'] },
      rolldownOptions: {
        ...options,
        output: { ...output, minify: true, chunkFileNames: '[name].js', codeSplitting: { groups } },
        preserveEntrySignatures: 'allow-extension',
      },
    },
  }
}

/** What the script tag loads when it needs it, whole in one file. */
function tagPart(entry: string, name: string): { build: BuildEnvironmentOptions } {
  return bundle(`packages/client/src/${entry}`, 'es', ASSETS, `client-${name}-[hash].js`)
}

/** A binding shares the page's framework and client, and holds neither. */
function binding(framework: 'react' | 'vue' | 'svelte'): { build: BuildEnvironmentOptions } {
  return bundle(`packages/client/src/${framework}/index.ts`, 'es', `packages/client/dist/${framework}`, 'index.js', [
    new RegExp(`^${framework}(/|$)`),
    '@isthmus/client',
  ])
}

/** Tests that need a document, and frameworks in their builds for browsers. */
const PAGES = ['packages/client/src/{react,vue,svelte,devtools}/!(server).test.{ts,tsx}']

export default defineConfig({
  plugins: [schemaTables(), partAddresses()],
  resolve: {
    alias: [
      { find: /^@isthmus\/protocol\/compact$/, replacement: path('packages/protocol/src/compact/index.ts') },
      { find: /^@isthmus\/client\/(react|vue|svelte|devtools)$/, replacement: path('packages/client/src/$1/index.ts') },
      { find: /^@isthmus\/testing\/fake$/, replacement: path('packages/testing/src/fake/index.ts') },
      { find: /^@isthmus\/(protocol|client|server|site|testing)$/, replacement: path('packages/$1/src/index.ts') },
    ],
  },
  builder: {
    // One configuration for all: what one build tells, the next one reads.
    sharedConfigBuild: true,
    async buildApp(builder) {
      await rm(path(ASSETS), { recursive: true, force: true })
      for (const name of Object.keys(parts) as (keyof typeof parts)[]) parts[name] = await buildPart(builder, name)
      for (const name of ['hub', 'greeter', 'sdk', 'react', 'vue', 'svelte', 'devtools', 'tag']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
      await publishIntegrity()
    },
  },
  environments: {
    sdk: {
      // Vite's loader for pages stays away from what it takes for a server's.
      consumer: 'server',
      resolve: { noExternal: ['js-cookie'] },
      ...library('packages/client/src/index.ts', 'packages/client/src/create-session.ts', 'packages/client/dist'),
    },
    react: { consumer: 'client', ...binding('react') },
    vue: { consumer: 'client', ...binding('vue') },
    svelte: { consumer: 'client', ...binding('svelte') },
    devtools: {
      consumer: 'client',
      ...bundle('packages/client/src/devtools/index.ts', 'es', 'packages/client/dist/devtools', 'index.js'),
    },
    tag: {
      consumer: 'client',
      ...bundle('packages/client/src/script-tag.ts', 'iife', 'packages/server/assets', 'client.js'),
    },
    greeter: {
      consumer: 'client',
      ...bundle('packages/hub/src/greeter.ts', 'iife', 'packages/server/assets', 'greeter.js'),
    },
    hub: { consumer: 'client', ...bundle('packages/hub/src/page/main.ts', 'iife', ASSETS, 'hub-[hash].js') },
    worker: { consumer: 'client', ...bundle('packages/hub/src/worker/main.ts', 'iife', ASSETS, 'worker-[hash].js') },
    key: { consumer: 'client', ...bundle('packages/hub/src/key/key-carrier.ts', 'es', ASSETS, 'key-[hash].js') },
    page: { consumer: 'client', ...tagPart('page/page-part.ts', 'page') },
    travel: { consumer: 'client', ...tagPart('travel/travel-part.ts', 'travel') },
    diagnosis: { consumer: 'client', ...tagPart('diagnosis/diagnosis-part.ts', 'diagnosis') },
    features: { consumer: 'client', ...tagPart('features.ts', 'features') },
  },
  // Vitest reads its part of this file; see https://vitest.dev/config.
  ...({
    test: {
      projects: [
        {
          extends: true,
          plugins: [svelte({ configFile: false })],
          // As NestJS wants them.
          oxc: { decorator: { legacy: true } },
          test: {
            name: 'node',
            globalSetup: path('e2e/servers.ts'),
            include: [
              'packages/*/src/**/*.test.{ts,tsx}',
              'examples/*/src/**/*.test.ts',
              'e2e/*.test.ts',
              'docs/*.test.ts',
            ],
            exclude: PAGES,
          },
        },
        {
          extends: true,
          plugins: [svelte({ configFile: false }), svelteTesting({ autoCleanup: false })],
          test: {
            name: 'pages',
            include: PAGES,
            environmentOptions: {
              happyDOM: { settings: { disableIframePageLoading: true } },
            },
          },
        },
      ],
      // For hangs only: no test waits for time to pass.
      testTimeout: 30_000,
      // All processors; Vitest would leave one to itself, which waits most of the time.
      maxWorkers: availableParallelism(),
      // Modules are loaded once for all files, which halves the work; so no test may leave the platform changed.
      isolate: false,
      unstubGlobals: true,
      unstubEnvs: true,
      restoreMocks: true,
    },
  } as object),
})
