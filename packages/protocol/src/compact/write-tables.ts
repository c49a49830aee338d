import type { Table } from './table.ts'

/** Shorter parts cost less where they stand than a name would. */
const SHARED_LENGTH = 8

/** Writes tables as the text of a module that exports them by name. Parts that occur more than once are written once. */
export function writeTables(tables: Readonly<Record<string, Table>>): string {
  const occurrences = new Map<string, number>()
  const names = new Map<string, string>()
  const lines: string[] = []

  function count(table: Table): void {
    const text = JSON.stringify(table)
    const before = occurrences.get(text) ?? 0
    occurrences.set(text, before + 1)
    if (before === 0) partsOf(table).forEach(count)
  }

  function write(table: Table): string {
    const text = JSON.stringify(table)
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

function partsOf(table: Table): readonly Table[] {
  if (table === 0) return []
  if (table[0] === 'u') return table.slice(1) as Table[]
  if (table[0] === 'o') return [...Object.values(table[1]), ...(table[2] === undefined ? [] : [table[2]])]
  return []
}

function spell(table: Table, write: (part: Table) => string): string {
  if (table === 0) return '0'
  if (table[0] === 'u') return `["u",${partsOf(table).map(write)}]`
  if (table[0] !== 'o') return JSON.stringify(table)
  const keys = Object.entries(table[1]).map(([key, part]) => `${JSON.stringify(key)}:${write(part)}`)
  return `["o",{${keys}}${table[2] === undefined ? '' : `,${write(table[2])}`}]`
}
