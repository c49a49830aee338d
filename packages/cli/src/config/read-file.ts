import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './faults.ts'

/** Names that are looked for where none is given. */
const DEFAULT_NAMES: readonly string[] = ['ts', 'mjs', 'js', 'json', 'yaml', 'yml'].map(
  (extension) => `isthmus.config.${extension}`,
)

const DATA: readonly string[] = ['.json', '.yaml', '.yml']
const MODULES: readonly string[] = ['.ts', '.mjs', '.js', '.cjs']

/** A configuration as its file has it, before any of it was looked at. */
export interface ConfigFile {
  readonly path: string
  /** Relative paths in it begin here. */
  readonly folder: string
  readonly value: unknown
  /** Line of a key, counted from 1. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined
}

/** Reads a configuration: a module that exports it as default, or JSON or YAML. */
export async function readConfigFile(name: string | undefined, folder: string = process.cwd()): Promise<ConfigFile> {
  const [path, text] = await findFile(name, folder)
  const place = { path, folder: dirname(path) }
  if (![...DATA, ...MODULES].includes(extname(path))) {
    const message = `is of no kind that is known: name a file that ends in ${[...MODULES, ...DATA].join(', ')}`
    throw new ConfigError([{ key: '', file: path, message }])
  }
  const isData = DATA.includes(extname(path))
  return isData ? { ...place, ...readData(path, text) } : { ...place, ...(await readModule(path, text)) }
}

async function findFile(name: string | undefined, folder: string): Promise<[string, string]> {
  for (const candidate of name === undefined ? DEFAULT_NAMES : [name]) {
    const path = resolve(folder, candidate)
    try {
      return [path, await readFile(path, 'utf8')]
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT')
        throw new ConfigError([
          { key: '', file: path, message: `cannot be read (${message}): name a file that this user may read` },
        ])
    }
  }
  const message =
    name === undefined
      ? `has none of ${DEFAULT_NAMES.join(', ')}: write one of them, with origin, store, login and sites, or name another file with --config`
      : 'is not there: name another file with --config'
  throw new ConfigError([{ key: '', file: name === undefined ? folder : resolve(folder, name), message }])
}

/** JSON is YAML too: both tell where each key stands. */
function readData(path: string, text: string): Pick<ConfigFile, 'value' | 'lineOf'> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' })
  const [error] = document.errors
  if (error) {
    const line = lines.linePos(error.pos[0]).line
    const message = `cannot be parsed (${error.message.split('\n', 1)[0]?.replace(/ at line .*/, '')})`
    throw new ConfigError([{ key: '', file: path, line, message }])
  }
  return {
    value: resolvedValue(path, document),
    lineOf(keys) {
      for (let length = keys.length; length > 0; length--) {
        const node = document.getIn(keys.slice(0, length), true) as { range?: [number, number, number] } | undefined
        if (node?.range) return lines.linePos(node.range[0]).line
      }
      return 1
    },
  }
}

/** Aliases that multiply each other are refused by the parser when they are resolved. */
function resolvedValue(path: string, document: Document): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new ConfigError([{ key: '', file: path, message: `cannot be parsed (${(error as Error).message})` }])
  }
}

async function readModule(path: string, text: string): Promise<Pick<ConfigFile, 'value' | 'lineOf'>> {
  const load = async (): Promise<unknown> => {
    if (extname(path) === '.ts') return createJiti(import.meta.url).import(path, { default: true })
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
    return module.default
  }
  const value = await load().catch((error: unknown) => {
    const message = `cannot be run (${error instanceof Error ? error.message : String(error)})`
    throw new ConfigError([{ key: '', file: path, message }])
  })
  if (typeof value !== 'object' || value === null) {
    const message = `exports no configuration: write "export default { … }" in ${basename(path)}`
    throw new ConfigError([{ key: '', file: path, message }])
  }
  return {
    value,
    // A program can make its configuration in any way: a line is told only where there is no doubt.
    lineOf(keys) {
      const key = keys.findLast((part) => typeof part === 'string') as string | undefined
      if (key === undefined || !/^\w+$/.test(key)) return undefined
      const [place, another] = text.matchAll(new RegExp(`\\b${key}['"]?\\s*[:,]`, 'g'))
      return place && !another ? text.slice(0, place.index).split('\n').length : undefined
    },
  }
}
