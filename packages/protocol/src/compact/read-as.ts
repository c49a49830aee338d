import type { Table } from './table.ts'

/** What {@link readAs} gives for a value that does not fit. */
export const MISFIT: unique symbol = Symbol()

/**
 * Parses an untrusted value against a compiled schema: a fresh copy that holds what the schema names, or {@link MISFIT}.
 * It agrees with the zod schema that the table was compiled from; a property test holds the two together.
 */
export function readAs(table: Table, value: unknown): unknown {
  if (table === 0) return value
  switch (table[0]) {
    case 'l':
      return table.indexOf(value as string, 1) > 0 ? value : MISFIT
    case 's': {
      const [, min, max, pattern] = table
      return typeof value === 'string' &&
        value.length >= min &&
        value.length <= max &&
        (!pattern || new RegExp(pattern).test(value))
        ? value
        : MISFIT
    }
    case 'i':
      return Number.isSafeInteger(value) && (value as number) >= table[1] && (value as number) <= table[2]
        ? value
        : MISFIT
    case 'u': {
      for (let i = 1; i < table.length; i++) {
        const read = readAs(table[i] as Table, value)
        if (read !== MISFIT) return read
      }
      return MISFIT
    }
    case 'o':
      return readObject(table[1], table[2], value)
  }
}

function readObject(keys: Readonly<Record<string, Table>>, rest: Table | undefined, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return MISFIT
  const source = value as Record<string, unknown>
  const result: Record<string, unknown> = {}
  for (const name in keys) {
    const key = name.replace('?', '')
    if (key !== name && source[key] === undefined) continue
    const read = readAs(keys[name] as Table, source[key])
    if (read === MISFIT) return MISFIT
    result[key] = read
  }
  if (rest !== undefined) {
    for (const key of Object.keys(source)) {
      // Assigning __proto__ would set the prototype of the copy.
      if (key === '__proto__' || Object.hasOwn(result, key)) continue
      const read = readAs(rest, source[key])
      if (read === MISFIT) return MISFIT
      result[key] = read
    }
  }
  return result
}
