import * as z from 'zod/mini'
import type { Literal, Table } from './table.ts'

/**
 * Compiles a zod schema into a {@link Table}. Runs at build time only.
 * Whatever the table cannot express is an error: nothing that the schema demands is lost in silence.
 */
export function compileSchema(schema: z.core.$ZodType): Table {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'any':
    case 'unknown':
      demandNoChecks(schema)
      return undefined
    case 'null':
    case 'literal':
    case 'enum':
      demandNoChecks(schema)
      return oneOf([...(schema._zod.values ?? [])].map(toLiteral))
    case 'nullable':
      demandNoChecks(schema)
      return [null, compileSchema(def.innerType)]
    case 'union':
      demandNoChecks(schema)
      // The first that fits is also the only one if a discriminator says so, but not in z.xor().
      if (def.inclusive === false && !('discriminator' in def)) throw inexpressible('an exclusive union')
      return def.options.map(compileSchema)
    case 'string':
      return compileString(def)
    case 'number':
      return compileInteger(def)
    case 'object':
      demandNoChecks(schema)
      return compileObject(def)
    default:
      throw inexpressible(`a schema of type "${def.type}"`)
  }
}

function compileString(def: z.core.$ZodStringDef): Table {
  if (def.coerce || 'format' in def) throw inexpressible('a string with a format of its own, or a coerced one')
  let min = 0
  let max: number | undefined
  let pattern: RegExp | undefined
  for (const check of checksOf(def)) {
    if (check.check === 'min_length') min = Math.max(min, check.minimum)
    else if (check.check === 'max_length') max = Math.min(max ?? check.maximum, check.maximum)
    else if (check.check === 'string_format' && check.format === 'regex' && check.pattern?.flags === 'u' && !pattern)
      pattern = check.pattern
    else throw inexpressible(`the check "${check.check}" of a string`)
  }
  if (min === 0 && max === undefined) return pattern ?? /^/u
  if (pattern) throw inexpressible('a string with a length and a pattern')
  // Lengths are counted in code points, as the flag `u` makes a pattern count.
  return new RegExp(`^[^]{${min},${max ?? ''}}$`, 'u')
}

function compileInteger(def: z.core.$ZodNumberDef): Table {
  if (def.coerce || !('format' in def) || def.format !== 'safeint') throw inexpressible('a number other than z.int()')
  let min = Number.MIN_SAFE_INTEGER
  for (const check of checksOf(def)) {
    if (check.check === 'greater_than' && check.inclusive) min = Math.max(min, Number(check.value))
    else throw inexpressible(`the check "${check.check}" of an integer`)
  }
  return BigInt(min)
}

function compileObject(def: z.core.$ZodObjectDef): Table {
  const keys = Object.fromEntries(
    Object.entries(def.shape).map(([key, property]) => {
      if (key === '__proto__' || key.includes('?')) throw inexpressible(`the key "${key}"`)
      const inner = optionalIn(property)
      return inner ? [`${key}?`, compileSchema(inner)] : [key, compileSchema(property)]
    }),
  )
  return def.catchall ? { ...keys, '?': compileSchema(def.catchall) } : keys
}

/** What an optional key holds if it is there. `z.optional` also lets it be there and hold `undefined`: that has no form. */
function optionalIn(property: z.core.$ZodType): z.core.$ZodType | undefined {
  if (!(property instanceof z.core.$ZodExactOptional)) return undefined
  demandNoChecks(property)
  return property._zod.def.innerType
}

type Check = z.core.$ZodChecks['_zod']['def']

function checksOf(def: z.core.$ZodTypeDef): Check[] {
  return (def.checks ?? []).map((check) => (check as z.core.$ZodChecks)._zod.def)
}

function demandNoChecks(schema: z.core.$ZodType): void {
  const [check] = checksOf(schema._zod.def)
  if (check) throw inexpressible(`the check "${check.check}" of a schema of type "${schema._zod.def.type}"`)
}

function oneOf(tables: readonly Table[]): Table {
  return tables.length === 1 ? tables[0] : tables
}

function toLiteral(value: unknown): Literal {
  const isLiteral = value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
  if (!isLiteral) throw inexpressible(`the literal ${String(value)}`)
  return value as Literal
}

function inexpressible(what: string): Error {
  return new Error(`compileSchema: there is no compact form for ${what}.`)
}
