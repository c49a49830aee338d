// Writes docs/reference: the public API of each entry point that is published, from its TSDoc.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

/** Names as they are imported, by the declarations that they stand for. */
const names = new Map()
for (const folder of ['client', 'site', 'server', 'testing', 'protocol']) {
  const { name, exports } = JSON.parse(readFileSync(path(`../packages/${folder}/package.json`), 'utf8'))
  for (const [entry, { types }] of Object.entries(exports)) {
    if (types && entry !== './compact') names.set(path(`../packages/${folder}/${types}`), name + entry.slice(1))
  }
}

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: [...names.keys()],
  tsconfig: path('tsconfig.reference.json'),
  readme: 'none',
  outputs: [
    {
      name: 'markdown',
      path: path('reference'),
      options: { router: 'module', hideBreadcrumbs: true, hidePageHeader: true, useCodeBlocks: true },
    },
  ],
  skipErrorChecking: true,
  excludeExternals: true,
  excludeInternal: true,
  logLevel: 'Error',
})
const project = await app.convert()
if (!project) throw new Error('TypeDoc has found nothing.')
for (const module of project.children ?? []) {
  module.name = names.get(module.sources?.[0]?.fullFileName ?? '') ?? module.name
}
// Addresses in a repository say nothing on a site.
for (const reflection of Object.values(project.reflections)) delete reflection.sources
await app.generateOutputs(project)
