import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** What is wrong with a secret: the path of its key, and a sentence. */
export interface SecretFault {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * Puts secrets in their places: `{ env: 'NAME' }` becomes the variable, `{ file: 'path' }` the content of the file
 * without its last newline. The messages name where a secret was looked for, and never what was found.
 */
export function resolveSecrets(
  value: unknown,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): { readonly value: unknown; readonly faults: readonly SecretFault[] } {
  const faults: SecretFault[] = []

  /** `above`: what the part lies in. YAML's aliases and programs can make a value that holds itself. */
  function walk(part: unknown, path: readonly PropertyKey[], above: readonly unknown[]): unknown {
    if (above.includes(part)) {
      faults.push({ path, message: 'holds itself: write it out' })
      return undefined
    }
    if (Array.isArray(part)) return part.map((one, index) => walk(one, [...path, index], [...above, part]))
    if (!isPlainObject(part)) return part
    const [[key, content] = [], another] = Object.entries(part)
    if (!another && typeof content === 'string' && (key === 'env' || key === 'file')) {
      try {
        return key === 'env' ? fromEnvironment(content) : fromFile(resolve(folder, content))
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        faults.push({ path, message: `needs the ${key === 'env' ? 'variable' : 'file'} "${content}": ${message}` })
        return undefined
      }
    }
    return Object.fromEntries(
      Object.entries(part).map(([name, one]) => [name, walk(one, [...path, name], [...above, part])]),
    )
  }

  function fromEnvironment(name: string): string {
    const found = environment[name]
    if (!found) throw new Error('it is not set')
    return found
  }

  /** Whoever may write it chooses the secret. Reading is left to the system: containers mount secrets for all to read. */
  function fromFile(path: string): string {
    if (process.platform !== 'win32' && statSync(path).mode & 0o002) {
      throw new Error('every user of this machine may write it: chmod o-w')
    }
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  }

  return { value: walk(value, [], []), faults }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
