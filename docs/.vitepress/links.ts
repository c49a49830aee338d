import { dirname, join, relative } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import type { MarkdownRenderer } from 'vitepress'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Documents in the root of the repository, and the pages that show them. */
export const PROJECT_PAGES: Readonly<Record<string, string>> = {
  'ARCHITECTURE.md': 'architecture',
  'CHANGELOG.md': 'changes',
  'CONTRIBUTING.md': 'contributing',
  'PROTOCOL.md': 'protocol',
  'SECURITY.md': 'security',
}

/** Where a link of a document leads on the site; `undefined`: to a file that the site does not show. */
export function pageOf(document: string, href: string): string | undefined {
  const [path = '', ...fragment] = href.split('#')
  const file = join(dirname(document), path)
  const anchor = fragment.length > 0 ? `#${fragment.join('#')}` : ''
  const project = PROJECT_PAGES[file]
  if (project) return `/project/${project}${anchor}`
  // Configuration files stand beside the documents, and are no pages.
  if (!file.startsWith('docs/') || /\.(?:cfg|conf)$/.test(file)) return undefined
  const page = `/${relative('docs', file)}`.replace(/\.md$/, '').replace(/\/README$/, '/')
  return page + anchor
}

/**
 * The documents are written for readers of the repository: their links are paths in it. Those to documents become links
 * to pages; those to sources are text, unless `ISTHMUS_SOURCES` says where the repository is shown.
 */
export function rewriteLinks(markdown: MarkdownRenderer): void {
  const sources = process.env.ISTHMUS_SOURCES
  markdown.core.ruler.push('isthmus-links', ({ tokens, env }) => {
    const shown = relative(root, env.path as string)
    // A page that only shows a document of the root is read as that one.
    const document =
      Object.keys(PROJECT_PAGES).find((name) => shown === `docs/project/${PROJECT_PAGES[name]}.md`) ?? shown
    if (document.startsWith('docs/reference/')) return
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        if (token.type !== 'link_open') continue
        const href = token.attrGet('href') ?? ''
        if (/^(?:[a-z]+:|#|\/)/.test(href)) continue
        const page = pageOf(document, href)
        if (page) token.attrSet('href', page)
        else if (sources) token.attrSet('href', `${sources}/${join(dirname(document), href)}`)
        else unlink(children ?? [], token)
      }
    }
  })
}

type Tokens = NonNullable<ReturnType<MarkdownRenderer['parse']>[number]['children']>

function unlink(children: Tokens, opening: Tokens[number]): void {
  const closing = children.slice(children.indexOf(opening)).find(({ type }) => type === 'link_close')
  for (const token of [opening, closing])
    if (token) Object.assign(token, { type: 'text', content: '', nesting: 0, tag: '' })
}
