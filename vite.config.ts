import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { type BuildEnvironmentOptions, defineConfig, type Plugin } from 'vite'
import { compileSchema } from './packages/protocol/src/compact/compile-schema.ts'
import { writeTables } from './packages/protocol/src/compact/write-tables.ts'
import {
  clientToHubSchema,
  discoverySchema,
  helloSchema,
  hubPageDataSchema,
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

/** Tests that render components, in a page that is made for each file. */
const IN_A_FRAMEWORK = [
  'packages/client/src/{react,vue,svelte}/*.test.{ts,tsx}',
  'examples/component-tests/src/*.test.jsx',
]

const tables = {
  clientToHub: clientToHubSchema,
  discovery: discoverySchema,
  hello: helloSchema,
  hubPageData: hubPageDataSchema,
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

/** The hub page is one document: its script stands inside. */
function selfContainedHub(): Plugin {
  return {
    name: 'isthmus:self-contained-hub',
    applyToEnvironment: ({ name }) => name === 'hub',
    async generateBundle(_, bundle) {
      const template = await readFile(path('packages/hub/hub.html'), 'utf8')
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type !== 'chunk') continue
        const code = file.code.trim()
        if (/<\/script|<!--/i.test(code)) this.error('The hub script would end its own element.')
        this.emitFile({
          type: 'asset',
          fileName: 'hub.html',
          source: template.replace('<!--isthmus:script-->', () => `<script>${code}</script>`),
        })
        delete bundle[name]
      }
    },
  }
}

/** What the bindings leave to the app that imports them: its framework. */
const FRAMEWORKS = [/^react$/, /^vue$/, /^svelte(\/|$)/]

/** The bindings do not hold the client: an app that imports both has it once. */
function clientApart(): Plugin {
  return {
    name: 'isthmus:client-apart',
    enforce: 'pre',
    applyToEnvironment: ({ name }) => name === 'bindings',
    resolveId: (source, importer) =>
      importer && source === '../index.ts' ? { id: '@isthmus/client', external: true } : null,
  }
}

/** The entry points of the client for frameworks; what they share is a file beside them. */
function bindings(...names: readonly string[]): { build: BuildEnvironmentOptions } {
  const { build } = bundle('', 'es', 'packages/client/dist', '[name].js')
  const { output, ...options } = build.rolldownOptions ?? {}
  return {
    build: {
      ...build,
      rolldownOptions: {
        ...options,
        input: Object.fromEntries(names.map((name) => [name, path(`packages/client/src/${name}/index.ts`)])),
        output: {
          ...output,
          chunkFileNames: 'bindings.js',
          codeSplitting: { groups: [{ name: 'bindings', test: /src.bindings/ }] },
        },
        external: FRAMEWORKS,
      },
    },
  }
}

/** One bundle: where it starts, and the file it becomes. */
function bundle(
  entry: string,
  format: 'es' | 'iife',
  outDir: string,
  fileName: string,
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
        output: { format, entryFileNames: fileName },
        // Constants that are made of constants, such as the lifetimes of the protocol, are written as what they come to.
        optimization: { inlineConst: { mode: 'all', pass: 3 } },
        preserveEntrySignatures: format === 'es' ? 'strict' : false,
      },
    },
  }
}

export default defineConfig({
  plugins: [schemaTables(), selfContainedHub(), clientApart()],
  resolve: {
    alias: [
      { find: /^@isthmus\/protocol\/compact$/, replacement: path('packages/protocol/src/compact/index.ts') },
      { find: /^@isthmus\/(protocol|client|server|site|testing)$/, replacement: path('packages/$1/src/index.ts') },
      { find: /^@isthmus\/client\/(react|vue|svelte)$/, replacement: path('packages/client/src/$1/index.ts') },
      { find: '@isthmus/testing/fake', replacement: path('packages/testing/src/fake/index.ts') },
    ],
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['sdk', 'bindings', 'tag', 'hub', 'worker']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
  environments: {
    sdk: { consumer: 'client', ...bundle('packages/client/src/index.ts', 'es', 'packages/client/dist', 'index.js') },
    bindings: { consumer: 'client', ...bindings('react', 'vue', 'svelte') },
    tag: {
      consumer: 'client',
      ...bundle('packages/client/src/script-tag.ts', 'iife', 'packages/server/assets', 'client.js'),
    },
    hub: { consumer: 'client', ...bundle('packages/hub/src/page/main.ts', 'iife', 'packages/server/assets', 'hub.js') },
    worker: {
      consumer: 'client',
      ...bundle('packages/hub/src/worker/main.ts', 'iife', 'packages/server/assets', 'worker.js'),
    },
  },
  // Vitest reads its part of this file; see https://vitest.dev/config.
  ...({
    test: {
      // For hangs only: no test waits for time to pass.
      testTimeout: 30_000,
      unstubGlobals: true,
      unstubEnvs: true,
      restoreMocks: true,
      projects: [
        {
          extends: true,
          test: {
            name: 'unit',
            include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'e2e/*.test.ts'],
            exclude: IN_A_FRAMEWORK,
            // Modules are loaded once for all files, which halves the work; so no test may leave the platform changed.
            isolate: false,
          },
        },
        {
          extends: true,
          plugins: [svelte(), svelteTesting({ autoCleanup: false })],
          test: { name: 'frameworks', include: IN_A_FRAMEWORK, environment: 'happy-dom', isolate: true },
        },
      ],
    },
  } as object),
})
