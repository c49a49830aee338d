import type { Table } from './table.ts'

/** What {@link readAs} gives for a value that does not fit. */
export const MISFIT: unique symbol = Symbol()

/**
 * Parses an untrusted value against a compiled schema: a fresh copy that holds what the schema names, or {@link MISFIT}.
 * It agrees with the zod schema that the table was compiled from; a property test holds the two together.
 */
export function readAs(table: Table, value: unknown): unknown {
  if (table === undefined) return value
  if (isList(table)) {
    for (const option of table) {
      const read = readAs(option, value)
      if (read !== MISFIT) return read
    }
    return MISFIT
  }
  if (table instanceof RegExp) return typeof value === 'string' && table.test(value) ? value : MISFIT
  if (typeof table === 'bigint') return Number.isSafeInteger(value) && (value as number) >= table ? value : MISFIT
  if (isRecord(table)) return isRecord(value) ? readRecord(table, value) : MISFIT
  return value === table ? value : MISFIT
}

function readRecord(table: Readonly<Record<string, Table>>, source: Record<string, unknown>): unknown {
  const result: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(table)) {
    for (const key of name === '?' ? furtherKeys(source, result) : [name.replace('?', '')]) {
      if (key in source) {
        const read = readAs(part, source[key])
        if (read === MISFIT) return MISFIT
        result[key] = read
      } else if (key === name) {
        return MISFIT
      }
    }
  }
  return result
}

function furtherKeys(source: object, taken: object): string[] {
  const keys: string[] = []
  // Assigning __proto__ would set the prototype of the copy.
  for (const key in source) if (key !== '__proto__' && !Object.hasOwn(taken, key)) keys.push(key)
  return keys
}

function isList(table: Table): table is readonly Table[] {
  return Array.isArray(table)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
