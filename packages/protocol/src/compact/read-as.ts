import type { Literal, Table } from './table.ts'

/** What {@link readAs} gives for a value that does not fit. */
export const MISFIT: unique symbol = Symbol()

/**
 * Parses an untrusted value against a compiled schema: a fresh copy that holds what the schema names, or {@link MISFIT}.
 * It agrees with the zod schema that the table was compiled from; a property test holds the two together.
 */
export function readAs(table: Table, value: unknown): unknown {
  if (table === 0) return value
  switch (table[0]) {
    case 'u':
      for (const option of table.slice(1)) {
        const read = readAs(option as Table, value)
        if (read !== MISFIT) return read
      }
      return MISFIT
    case 'o':
      return isRecord(value) ? readRecord(table[1], table[2], value) : MISFIT
    default:
      return fits(table, value) ? value : MISFIT
  }
}

function fits(table: Exclude<Table, 0 | readonly ['o' | 'u', ...unknown[]]>, value: unknown): boolean {
  switch (table[0]) {
    case 'l':
      return table.indexOf(value as Literal, 1) > 0
    case 'i':
      return isInteger(value, table[1], table[2])
    case 's':
      return typeof value === 'string' && table.slice(1).every((pattern) => new RegExp(pattern, 'u').test(value))
  }
}

function isInteger(value: unknown, min = -Infinity, max = Infinity): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readRecord(
  keys: Readonly<Record<string, Table>>,
  rest: Table | undefined,
  source: Record<string, unknown>,
): unknown {
  const result: Record<string, unknown> = {}
  for (const [name, table] of Object.entries(keys)) {
    const key = name.replace('?', '')
    if (key in source) {
      const read = readAs(table, source[key])
      if (read === MISFIT) return MISFIT
      result[key] = read
    } else if (key === name) {
      return MISFIT
    }
  }
  if (rest !== undefined) {
    for (const key in source) {
      // Assigning __proto__ would set the prototype of the copy.
      if (key === '__proto__' || Object.hasOwn(result, key)) continue
      const read = readAs(rest, source[key])
      if (read === MISFIT) return MISFIT
      result[key] = read
    }
  }
  return result
}
