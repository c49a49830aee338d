import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const reference = fileURLToPath(new URL('../reference', import.meta.url))

/** The pages of the public API, one for each entry point: written by write-reference.mjs. */
export function referenceSidebar(): { readonly text: string; readonly link: string }[] {
  if (!existsSync(reference)) return []
  return readdirSync(reference, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.startsWith('@isthmus/') && name.endsWith('.md') && !name.includes('namespaces'))
    .map((name) => name.replace(/\.md$/, ''))
    .sort()
    .map((name) => ({ text: name.replace(/\/README$/, ''), link: `/reference/${name}` }))
}
