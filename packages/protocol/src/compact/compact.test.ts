import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import * as messages from '../messages.ts'
import * as payloads from '../payloads.ts'
import * as state from '../state.ts'
import { hostile, mutated, valid } from './arbitrary-values.test-kit.ts'
import { compileSchema } from './compile-schema.ts'
import { MISFIT, readAs } from './read-as.ts'
import type { Table } from './table.ts'
import { writeTables } from './write-tables.ts'

// A failure is shrunk for a while, not for ever.
fc.configureGlobal({ interruptAfterTimeLimit: 10_000 })

const schemas = Object.entries<unknown>({ ...messages, ...payloads, ...state }).filter(
  (entry): entry is [string, z.ZodMiniType] => entry[1] instanceof z.core.$ZodType,
)

type Outcome = { readonly as: 'accepted'; readonly value: unknown } | { readonly as: 'refused' }

function byZod(schema: z.ZodMiniType, value: unknown): Outcome {
  const { success, data } = schema.safeParse(value)
  return success ? { as: 'accepted', value: data } : { as: 'refused' }
}

function byTable(table: Table, value: unknown): Outcome {
  const read = readAs(table, value)
  return read === MISFIT ? { as: 'refused' } : { as: 'accepted', value: read }
}

/** Values that throw when they are looked at cannot come over a wire; to throw is to refuse them. */
function orRefused(judge: () => Outcome): Outcome {
  try {
    return judge()
  } catch {
    return { as: 'refused' }
  }
}

/** Equal to the last bit: prototypes, own keys and their order, 0 and -0. */
function isSameOutcome(one: Outcome, other: Outcome): boolean {
  if (one.as !== 'accepted' || other.as !== 'accepted') return one.as === other.as
  return isDeepStrictEqual(one.value, other.value) && haveSameOrder(one.value, other.value)
}

function haveSameOrder(one: unknown, other: unknown): boolean {
  // What a schema leaves open is passed on as it is.
  if (one === other || typeof one !== 'object' || typeof other !== 'object' || !one || !other) return true
  const keys = Object.keys(one)
  return (
    isDeepStrictEqual(keys, Object.keys(other)) &&
    keys.every((key) => haveSameOrder(one[key as keyof typeof one], other[key as keyof typeof other]))
  )
}

/** As it arrives over a port or as JSON, if it can. */
function arrivals(value: unknown): unknown[] {
  return [structuredClone, (it: unknown) => JSON.parse(JSON.stringify(it)) as unknown].flatMap((travel) => {
    try {
      return [travel(value)]
    } catch {
      return []
    }
  })
}

function agree(schema: z.ZodMiniType, value: unknown, table: Table = compileSchema(schema)): void {
  demandSame(
    orRefused(() => byZod(schema, value)),
    orRefused(() => byTable(table, value)),
  )
  for (const arrived of arrivals(value)) demandSame(byZod(schema, arrived), byTable(table, arrived))
}

function demandSame(expected: Outcome, actual: Outcome): void {
  if (!isSameOutcome(expected, actual)) expect.fail(`zod ${show(expected)}, the table ${show(actual)}`)
}

function show(outcome: Outcome): string {
  return outcome.as === 'accepted' ? `accepted ${fc.stringify(outcome.value)}` : outcome.as
}

test('the schemas are found', () => {
  expect(schemas.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'messageSchema',
      'hubToClientSchema',
      'hubPageDataSchema',
      'siteAnswerSchema',
      'siteIdSchema',
    ]),
  )
})

describe.each(schemas)('%s and its table agree', (_, schema) => {
  const table = compileSchema(schema)

  test('on values that fit', () => {
    fc.assert(
      fc.property(valid(schema), (value) => {
        expect(byZod(schema, value).as).toBe('accepted')
        agree(schema, value, table)
      }),
    )
  })

  test('on values with a change', () => {
    fc.assert(
      fc.property(mutated(schema), (value) => agree(schema, value, table)),
      { numRuns: 500 },
    )
  })

  test('on values from hell', () => {
    fc.assert(
      fc.property(hostile(schema), (value) => agree(schema, value, table)),
      { numRuns: 500 },
    )
  })
})

describe('in a page that pollutes prototypes', () => {
  const polluted = { sub: 'nobody', site: 'shop', type: 'hello', isthmus: 1, extra: () => 'old library' }
  const objectPrototype = Object.prototype as unknown as Record<string, unknown>

  afterEach(() => {
    for (const key of Object.keys(polluted)) delete objectPrototype[key]
  })

  test.each(schemas)('%s and its table still agree', (_, schema) => {
    const table = compileSchema(schema)
    const values = fc.sample(fc.oneof(valid(schema), mutated(schema), fc.constant({})), 200)
    Object.assign(objectPrototype, polluted)
    const outcomes = values.map((value) =>
      [() => byZod(schema, value), () => byTable(table, value)].map((judge) => orRefused(judge)),
    )
    for (const key of Object.keys(polluted)) delete objectPrototype[key]
    for (const [expected, actual] of outcomes) demandSame(expected as Outcome, actual as Outcome)
  })
})

describe('readAs', () => {
  const granted = {
    site: 'shop',
    carrier: 'cookie',
    state: {
      status: 'signed-in',
      sid: 's',
      expiresAt: 1,
      idleExpiresAt: 1,
      revision: 1,
      access: 'granted',
      user: JSON.parse('{"sub":"someone","__proto__":{"admin":true},"constructor":"c","toString":"t"}') as unknown,
    },
  }
  const answer = compileSchema(state.siteAnswerSchema)

  test('copies what it names, and drops the rest', () => {
    const given = { ...granted, secret: 's', state: { ...granted.state, secret: 't' } }
    const read = readAs(answer, given) as typeof granted
    expect(read).toEqual({
      ...granted,
      state: { ...granted.state, user: { sub: 'someone', constructor: 'c', toString: 't' } },
    })
    expect(read.state.user).not.toBe(granted.state.user)
  })

  test('never sets a prototype', () => {
    const { user } = (readAs(answer, granted) as typeof granted).state as { user: Record<string, unknown> }
    expect(Object.getPrototypeOf(user)).toBe(Object.prototype)
    expect(user.admin).toBeUndefined()
    expect(Object.keys(user)).toEqual(['sub', 'constructor', 'toString'])
  })

  test('takes a literal for itself only, not for the name of its kind', () => {
    const table = compileSchema(z.enum(['s', 'o']))
    expect(readAs(table, 'l')).toBe(MISFIT)
    expect(readAs(table, 's')).toBe('s')
    expect(readAs(table, 'o')).toBe('o')
    expect(readAs(compileSchema(z.literal('l')), 'l')).toBe('l')
    expect(readAs(compileSchema(z.literal([null, false, 0, ''])), undefined)).toBe(MISFIT)
    for (const value of [null, false, 0, '', -0])
      expect(readAs(compileSchema(z.literal([null, false, 0, ''])), value)).toBe(value)
  })

  test('lets anything through where the schema does, undefined as well', () => {
    expect(readAs(compileSchema(z.unknown()), undefined)).toBeUndefined()
    expect(readAs(compileSchema(z.any()), MISFIT)).toBe(MISFIT)
  })

  test('demands a key even where its value may be anything', () => {
    const schema = z.object({ open: z.unknown() })
    for (const value of [{}, { open: undefined }, { open: 1 }]) agree(schema, value)
    expect(readAs(compileSchema(schema), {})).toBe(MISFIT)
  })

  test('refuses an optional key that is there and holds undefined', () => {
    const hello = compileSchema(messages.helloSchema)
    expect(readAs(hello, { isthmus: 1, type: 'hello' })).toEqual({ isthmus: 1, type: 'hello' })
    expect(readAs(hello, { isthmus: 1, type: 'hello', site: undefined })).toBe(MISFIT)
  })

  test('reads every property once: a getter cannot show one value to the check and another to the copy', () => {
    let reads = 0
    const given = {
      isthmus: 1,
      type: 'hello',
      get site() {
        return reads++ === 0 ? 'shop' : 'news'
      },
    }
    expect(readAs(compileSchema(messages.helloSchema), given)).toEqual({ isthmus: 1, type: 'hello', site: 'shop' })
    expect(reads).toBe(1)
  })

  test('holds further keys to their own schema', () => {
    const schema = z.catchall(z.object({ a: z.int(), c: z.exactOptional(z.int()) }), z.string())
    for (const value of [
      { a: 1 },
      { a: 1, b: 'x' },
      { a: 1, b: 2 },
      { a: 'x', b: 'x' },
      { a: 1, c: 2 },
      { a: 1, c: 'x' },
    ])
      agree(schema, value)
    expect(readAs(compileSchema(schema), { a: 1, b: 2 })).toBe(MISFIT)
  })

  test('counts the length of strings in code points, and holds them to all their patterns', () => {
    const schema = z.string().check(z.minLength(2), z.maxLength(3))
    for (const value of ['a', 'aa', 'aaa', 'aaaa', '\u{1f600}', '\u{1f600}\u{1f600}', '\ud800', '\ud800\ud800'])
      agree(schema, value)
  })
})

describe('compileSchema refuses what a table cannot express', () => {
  test.each<[string, z.core.$ZodType]>([
    ['a refinement', z.string().check(z.refine((text) => text !== 'x'))],
    ['a refinement of an object', z.object({}).check(z.refine(() => false))],
    ['a refinement of a union', z.union([z.string(), z.null()]).check(z.refine(() => false))],
    ['a refinement of a literal', z.literal('a').check(z.refine(() => false))],
    ['a refinement of anything', z.unknown().check(z.refine(() => false))],
    ['a pattern that counts UTF-16 units', z.string().check(z.regex(/a/))],
    ['flags of a pattern', z.string().check(z.regex(/a/iu))],
    ['a string format', z.email()],
    ['a check for a format', z.string().check(z.email())],
    ['an exact length', z.string().check(z.length(3))],
    ['lower case', z.string().check(z.lowercase())],
    ['trimming', z.string().check(z.trim())],
    ['a coerced string', z.coerce.string()],
    ['a coerced number', z.coerce.number()],
    ['numbers with fractions', z.number()],
    ['integers of another width', z.int32()],
    ['an open bound', z.int().check(z.positive())],
    ['a divisor', z.int().check(z.multipleOf(2))],
    ['booleans', z.boolean()],
    ['bigints', z.bigint()],
    ['dates', z.date()],
    ['arrays', z.array(z.string())],
    ['tuples', z.tuple([z.string()])],
    ['records', z.record(z.string(), z.string())],
    ['maps', z.map(z.string(), z.string())],
    ['strict objects', z.strictObject({ a: z.int() })],
    ['keys that may hold undefined', z.object({ a: z.optional(z.int()) })],
    ['a refined optional key', z.object({ a: z.exactOptional(z.int()).check(z.refine(() => false)) })],
    ['defaults', z._default(z.int(), 1)],
    ['fallbacks', z.catch(z.int(), 1)],
    ['transforms', z.pipe(z.string(), z.transform(Number))],
    ['intersections', z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() }))],
    ['exclusive unions', z.xor([z.literal('a'), z.literal('b')])],
    ['readonly', z.readonly(z.object({ a: z.int() }))],
    ['lazy schemas', z.lazy(() => z.int())],
    ['custom schemas', z.custom(() => true)],
    ['never', z.never()],
    ['undefined', z.undefined()],
    ['the literal undefined', z.literal(undefined)],
    ['the literal 1n', z.literal(1n)],
    ['a key with a question mark', z.object({ 'a?': z.int() })],
    ['the key __proto__', z.object(Object.fromEntries([['__proto__', z.int()]]))],
    ['template literals', z.templateLiteral(['a', z.int()])],
  ])('%s', (_, schema) => {
    expect(() => compileSchema(schema)).toThrow('compileSchema: there is no compact form for')
    expect(() => compileSchema(z.object({ inside: schema as z.ZodMiniType }))).toThrow('compileSchema')
  })
})

describe('writeTables', () => {
  const tables = Object.fromEntries(schemas.map(([name, schema]) => [name, compileSchema(schema)]))

  test('writes a module that gives the same tables back', async () => {
    const module = (await import(`data:text/javascript,${encodeURIComponent(writeTables(tables))}`)) as object
    expect({ ...module }).toEqual(tables)
  })

  test('writes what occurs twice once', () => {
    const written = writeTables(tables)
    expect(written.match(/"idleExpiresAt"/g)).toHaveLength(2)
    expect(written.match(/"signed-in"/g)).toHaveLength(1)
  })
})
