import { existsSync, readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { PROJECT_PAGES } from './.vitepress/links.ts'

// The tables of options.md are printed from the sources: `npx vitest run docs -u` prints them anew.

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** The interface that each table of options.md shows. */
const TABLES: Readonly<Record<string, readonly [file: string, name: string]>> = {
  page: ['packages/client/src/session.ts', 'SessionOptions'],
  hub: ['packages/server/src/config/hub-config.ts', 'HubConfig'],
  site: ['packages/server/src/config/site.ts', 'SiteConfig'],
  limits: ['packages/server/src/limits/limits.ts', 'LimitsConfig'],
  verifier: ['packages/site/src/options.ts', 'VerifierOptions'],
}

test('options.md names every option, in the words of its source', async () => {
  const document = read('docs/options.md')
  const region = /(<!-- generated:(\w+) -->\n)[\s\S]*?(?=<!-- \/generated -->)/g
  const printed = document.replace(region, (_, opening: string, name: string) => `${opening}${tableOf(name)}\n`)
  await expect(printed).toMatchFileSnapshot('options.md')
})

function tableOf(name: string): string {
  const [file = '', wanted] = TABLES[name] ?? []
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const rows = source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter((declaration) => declaration.name.text === wanted)
    .flatMap((declaration) => declaration.members.filter(ts.isPropertySignature))
    .map((member) => `| ${[nameOf(member), typeOf(member), meaningOf(member)].join(' | ')} |`)
  expect(rows.length, `${file}: ${wanted}`).toBeGreaterThan(0)
  return ['| option | type | means |', '| --- | --- | --- |', ...rows].join('\n')
}

function nameOf(member: ts.PropertySignature): string {
  return `\`${member.name.getText()}${member.questionToken ? '?' : ''}\``
}

function typeOf(member: ts.PropertySignature): string {
  return `\`${member.type?.getText().replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``
}

function meaningOf(member: ts.PropertySignature): string {
  const [comment] = ts.getJSDocCommentsAndTags(member)
  const text = comment ? (ts.getTextOfJSDocComment(comment.comment) ?? '') : ''
  expect(text, `${member.name.getText()} has no TSDoc`).not.toBe('')
  return text
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
}

const documents = [
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/node_modules|^reference|^\.vitepress|^project/.test(name))
    .map((name) => `docs/${name}`),
  ...['README.md', ...Object.keys(PROJECT_PAGES)],
  ...['client', 'server', 'site', 'testing', 'protocol', 'cli', 'php'].map((name) => `packages/${name}/README.md`),
]

describe.each(documents)('%s', (document) => {
  test('every link leads to a file, and to a heading that is there', () => {
    for (const [, target = ''] of withoutCode(read(document)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', anchor] = target.split('#')
      const url = path.startsWith('/') ? new URL(`docs/public${path}`, root) : new URL(path, new URL(document, root))
      const file = path === '' ? new URL(document, root) : url
      expect(existsSync(file), `${document}: ${target}`).toBe(true)
      if (anchor) expect(anchorsOf(readFileSync(file, 'utf8')), `${document}: ${target}`).toContain(anchor)
    }
  })

  test('every picture is there, and says in words what it shows', () => {
    for (const [image] of read(document).matchAll(/<img [^>]*>/g)) {
      const src = /src="([^"]+)"/.exec(image)?.[1] ?? ''
      const file = src.startsWith('/') ? new URL(`docs/public${src}`, root) : new URL(src, new URL(document, root))
      expect(existsSync(file), image).toBe(true)
      expect(image).toMatch(/alt="[^"]{20,}"/)
    }
  })
})

test('every page of the site stands in its sidebar', () => {
  const config = read('docs/.vitepress/config.ts')
  for (const document of documents.filter((name) => name.startsWith('docs/') && name !== 'docs/index.md')) {
    const name = document.replace(/^docs\//, '').replace(/\.md$/, '')
    const link = name.startsWith('guides/') ? `'${name.slice('guides/'.length)}')` : `'/${name.replace(/README$/, '')}'`
    expect(config, document).toContain(link)
  }
})

/** Without what is not read as Markdown. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
}

function anchorsOf(markdown: string): string[] {
  return [...markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    slugOf(title),
  )
}

/** As GitHub and VitePress name a heading, but for signs that no heading of ours has. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s+/g, '-')
}
