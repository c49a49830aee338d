import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of static files, beside `dist` in the package. */
const publicUrl: URL = new URL('../public/', import.meta.url)

/** The path of a folder or file below `public`. */
export function publicPath(name: string): string {
  return fileURLToPath(new URL(name, publicUrl))
}

/** Reads a page from `public`; its `{{name}}` places are filled by {@link fillPage}. */
export function readPage(name: string): string {
  return readFileSync(new URL(name, publicUrl), 'utf8')
}

/**
 * Fills every `{{name}}` of a page with the value of that name, escaped for text and quoted attributes.
 * @throws Error if the page has a place that no value fills.
 */
export function fillPage(page: string, values: Readonly<Record<string, string>>): string {
  return page.replace(/\{\{(\w+)\}\}/g, (place, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`The page has a place ${place} that nothing fills.`)
    return escapeHtml(value)
  })
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
