import type { Table } from './table.ts'

/** Shorter parts cost less where they stand than a name would. */
const SHARED_LENGTH = 8

/** Writes tables as the text of a module that exports them by name. Parts that occur more than once are written once. */
export function writeTables(tables: Readonly<Record<string, Table>>): string {
  const occurrences = new Map<string, number>()
  const names = new Map<string, string>()
  const lines: string[] = []

  function count(table: Table): string {
    const text = spellOut(table)
    const before = occurrences.get(text) ?? 0
    occurrences.set(text, before + 1)
    if (before === 0) spell(table, count)
    return text
  }

  function write(table: Table): string {
    const text = spellOut(table)
    const known = names.get(text)
    if (known) return known
    const written = spell(table, write)
    if ((occurrences.get(text) ?? 0) < 2 || text.length < SHARED_LENGTH) return written
    const name = `part${names.size}`
    names.set(text, name)
    lines.push(`const ${name} = ${written}`)
    return name
  }

  Object.values(tables).forEach(count)
  for (const [name, table] of Object.entries(tables)) lines.push(`export const ${name} = ${write(table)}`)
  return lines.join('\n')
}

function spellOut(table: Table): string {
  return spell(table, spellOut)
}

/** The table as an expression, its parts as `spellPart` has them. */
function spell(table: Table, spellPart: (part: Table) => string): string {
  if (typeof table === 'bigint') return `${table}n`
  if (table === undefined || table instanceof RegExp) return String(table)
  if (Array.isArray(table)) return `[${table.map(spellPart)}]`
  if (typeof table !== 'object' || table === null) return JSON.stringify(table)
  return `{${Object.entries(table).map(([key, part]) => `${JSON.stringify(key)}:${spellPart(part)}`)}}`
}
