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

/** A binding shares the page's framework and client, and holds neither. */
function binding(framework: 'react' | 'vue' | 'svelte'): { build: BuildEnvironmentOptions } {
  return bundle(`packages/client/src/${framework}/index.ts`, 'es', `packages/client/dist/${framework}`, 'index.js', [
    new RegExp(`^${framework}(/|$)`),
    '@isthmus/client',
  ])
}

/** Tests that need a document, and frameworks in their builds for browsers. */
const PAGES = ['packages/client/src/{react,vue,svelte}/!(server).test.{ts,tsx}']

export default defineConfig({
  plugins: [schemaTables(), selfContainedHub()],
  resolve: {
    alias: [
      { find: /^@isthmus\/protocol\/compact$/, replacement: path('packages/protocol/src/compact/index.ts') },
      { find: /^@isthmus\/client\/(react|vue|svelte)$/, replacement: path('packages/client/src/$1/index.ts') },
      { find: /^@isthmus\/testing\/fake$/, replacement: path('packages/testing/src/fake/index.ts') },
      { find: /^@isthmus\/(protocol|client|server|site|testing)$/, replacement: path('packages/$1/src/index.ts') },
    ],
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['sdk', 'react', 'vue', 'svelte', 'tag', 'hub', 'worker']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
  environments: {
    sdk: { consumer: 'client', ...bundle('packages/client/src/index.ts', 'es', 'packages/client/dist', 'index.js') },
    react: { consumer: 'client', ...binding('react') },
    vue: { consumer: 'client', ...binding('vue') },
    svelte: { consumer: 'client', ...binding('svelte') },
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
      projects: [
        {
          extends: true,
          plugins: [svelte({ configFile: false })],
          test: {
            name: 'node',
            include: ['packages/*/src/**/*.test.{ts,tsx}', 'examples/*/src/**/*.test.ts', 'e2e/*.test.ts'],
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
      // Modules are loaded once for all files, which halves the work; so no test may leave the platform changed.
      isolate: false,
      unstubGlobals: true,
      unstubEnvs: true,
      restoreMocks: true,
    },
  } as object),
})
