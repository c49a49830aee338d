import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ERRORS } from '@isthmus/protocol'
import { createHub, type HubConfig, memoryStore } from '@isthmus/server'
import { describe, expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

interface Block {
  readonly language: string
  /** What stands behind the language: where the code is from, or what it is. */
  readonly origin: string
  readonly code: string
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(
    ([, language = '', origin = '', code = '']) => ({
      language,
      origin,
      code,
    }),
  )
}

/** Lines without their common indentation: an excerpt starts at the left. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}

const guides = readdirSync(new URL('docs/guides/', root))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/guides/${name}`)
const readmes = ['protocol', 'client', 'server', 'site', 'cli', 'testing'].map((name) => `packages/${name}/README.md`)

const pages = ['docs/start.md', 'docs/options.md', 'docs/concepts.md', 'docs/compare.md']

describe.each([...pages, ...guides, ...readmes])('%s', (name) => {
  const markdown = read(name)
  const blocks = blocksOf(markdown)

  test('every excerpt stands so in a file that is run by a test', () => {
    const excerpts = blocks.filter(({ origin }) => origin.startsWith('file='))
    for (const { origin, code } of excerpts) {
      expect(lines(read(origin.slice('file='.length))), `${name}: ${origin}`).toContain(lines(code))
    }
  })

  test('every configuration starts a hub', async () => {
    for (const { code } of blocks.filter(({ language, origin }) => origin === 'config' && language !== 'yaml')) {
      const { sites } = new Function(`return { ${code} }`)() as Pick<HubConfig, 'sites'>
      const hub = await createHub({ origin: 'https://auth.example.com', sites, store: memoryStore() })
      await hub.close()
    }
  })

  test('every configuration of the command is well', async () => {
    for (const { code } of blocks.filter(({ language }) => language === 'yaml')) {
      const folder = await mkdtemp(join(tmpdir(), 'isthmus-guide-'))
      const file = join(folder, 'isthmus.config.yaml')
      await writeFile(file, code)
      const env = {
        ...process.env,
        ASSERTION_KEY: 'a shared key of thirty-two bytes!',
        CLIENT_SECRET: 'secret',
        CRM_KEY: 'x'.repeat(32),
      }
      const command = fileURLToPath(new URL('packages/cli/dist/main.js', root))
      const checked = promisify(execFile)(process.execPath, [command, 'check-config', '-c', file], { env })
      await expect(checked.finally(() => rm(folder, { recursive: true }))).resolves.toMatchObject({ stderr: '' })
    }
  })

  test('no other code stands there but data, commands and the script tag', () => {
    for (const { language, origin, code } of blocks.filter(({ origin }) => origin === '')) {
      if (language === 'json') JSON.parse(code)
      else if (language === 'html')
        expect(code).toMatch(/^<script src="https:\/\/auth\.example\.com\/isthmus\/client\.js"[^>]*><\/script>\n$/)
      else expect(language).toBe('sh')
      expect(origin).toBe('')
    }
  })

  test('every link leads to a file, and every code that is named exists', () => {
    for (const [, target = ''] of markdown.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(() => readdirOrFile(new URL(target, new URL(name, root))), target).not.toThrow()
    }
    for (const [, code = ''] of markdown.matchAll(/`((?:token|logout)-[a-z-]+)`/g)) expect(ERRORS).toHaveProperty(code)
  })
})

test('the READMEs of the examples register their sites as a hub accepts it', async () => {
  for (const name of ['express', 'next', 'php', 'python']) {
    const [block] = blocksOf(read(`examples/${name}-site/README.md`)).filter(({ language }) => language === 'ts')
    const site = new Function(`return ${block?.code}`)()
    const hub = await createHub({ origin: 'https://auth.example.com', sites: [site], store: memoryStore() })
    await hub.close()
  }
})

function readdirOrFile(url: URL): void {
  try {
    readFileSync(url)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
  }
}
