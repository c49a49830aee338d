import fc from 'fast-check'
import type * as z from 'zod/mini'

/** Keys that every object inherits, or that change an object when they are assigned. */
const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
]

class Impostor {
  status = 'signed-in'
  sub = 'mallory'
}

function cycle(): unknown {
  const value: Record<string, unknown> = { sub: 'someone' }
  value.self = value
  return value
}

/** What no honest sender writes. */
const HOSTILE_VALUES: readonly unknown[] = [
  ...[undefined, null, true, false, '', 'l', 'o', '\ud800', '\udc00\ud800', 'x'.repeat(10_000)],
  ...[Number.NaN, Infinity, -Infinity, -0, 0, 0.5, -1, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 1e308],
  ...[1n, Symbol('s'), Symbol.iterator, () => 'f', class {}],
  ...[new Number(1), new String('signed-in'), new Boolean(true), Object(1n)],
  ...[new Date(0), new Map([['sub', 'someone']]), new Set(['sub']), /x/, new Error('sub'), new Uint8Array(2)],
  ...[
    new Impostor(),
    Object.create(null),
    Object.create({ sub: 'someone' }),
    new Proxy({ sub: 'someone' }, {}),
    cycle(),
  ],
  ...[[], ['signed-in'], new Array(3), Object.assign([], { sub: 'someone' }), Object.freeze({ sub: 'someone' })],
]

const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  }),
  fc.constantFrom(...HOSTILE_VALUES),
)

const strangeKey = fc.oneof(fc.constantFrom(...PROTOTYPE_KEYS), fc.string({ maxLength: 8 }))

/** Values that fit, read off the schema itself, apart from the compiler under test. */
export function valid(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'literal':
    case 'enum':
      return fc.constantFrom(...(schema._zod.values ?? []))
    case 'nullable':
      return fc.oneof(fc.constant(null), valid(def.innerType))
    case 'optional':
      return valid(def.innerType)
    case 'unknown':
      return anything
    case 'union':
      return fc.oneof(...def.options.map(valid))
    case 'number': {
      const { value: min = Number.MIN_SAFE_INTEGER } = checkOf(def, 'greater_than') as { value?: number }
      return fc.oneof(fc.maxSafeInteger(), fc.integer()).map((n) => (n < min ? -n : n))
    }
    case 'string': {
      const { pattern } = checkOf(def, 'string_format') as { pattern?: RegExp }
      const { minimum: minLength = 0 } = checkOf(def, 'min_length') as { minimum?: number }
      const { maximum: maxLength = 500 } = checkOf(def, 'max_length') as { maximum?: number }
      return pattern ? fc.stringMatching(pattern) : fc.string({ minLength, maxLength, unit: 'binary', size: 'max' })
    }
    case 'object': {
      const properties = Object.entries(def.shape).map(([key, property]): [string, fc.Arbitrary<unknown>] => [
        key,
        valid(property),
      ])
      const requiredKeys = Object.keys(def.shape).filter((key) => def.shape[key]?._zod.optin === undefined)
      const known = fc.record(Object.fromEntries(properties), { requiredKeys })
      const further = def.catchall ? fc.array(fc.tuple(strangeKey, anything), { maxLength: 4 }) : fc.constant([])
      return fc.tuple(known, further).map(([value, extra]) => {
        for (const [key, content] of extra) if (!Object.hasOwn(def.shape, key)) define(value, key, content)
        return value
      })
    }
    default:
      throw new Error(`There is no arbitrary for a schema of type "${def.type}".`)
  }
}

function checkOf(def: z.core.$ZodTypeDef, name: string): object {
  return (def.checks ?? []).map((check) => check._zod.def).find(({ check }) => check === name) ?? {}
}

/** Values that once fitted, with one to three changes somewhere inside. */
export function mutated(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const changes = fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 })
  return fc.tuple(valid(schema), changes).map(([value, list]) =>
    list.reduce((before, [place, apply]) => {
      try {
        return changeAt(before, place, apply)
      } catch {
        // A symbol made a number, a throwing getter copied: there is nothing more to change here.
        return before
      }
    }, value),
  )
}

/** Values from anywhere, and the schema's own values with something hostile in some place. */
export function hostile(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const inside = fc.tuple(valid(schema), fc.nat(), anything)
  return fc.oneof(
    anything,
    inside.map(([value, place, other]) => changeAt(value, place, () => other)),
  )
}

type Change = (value: unknown) => unknown

const change: fc.Arbitrary<Change> = fc.oneof(
  anything.map((other) => () => other),
  fc.constantFrom<Change>(
    ...[String, Number, Boolean, Object, (value: unknown) => [value]],
    ...[-1, 1].map((step) => onNumbers((number) => number + step)),
    ...[128, 129].map((length) => onStrings((text) => text.padEnd(length, 'a'))),
    ...[255, 256].map((length) => onStrings((text) => text + '\u{1f600}'.repeat(Math.max(0, length - text.length)))),
    onStrings((text) => text.slice(1)),
    onStrings((text) => `${text}\n`),
    onStrings((text) => `${text}\ud800`),
  ),
  fc.tuple(strangeKey, anything).map(([key, content]) => onObjects((object) => define({ ...object }, key, content))),
  fc.nat().map((index) => onObjects((object) => without(object, keyAt(object, index)))),
  fc.tuple(fc.nat(), strangeKey).map(([index, name]) =>
    onObjects((object) => {
      const key = keyAt(object, index)
      return define(without(object, key), name, object[key])
    }),
  ),
  fc.constantFrom<Change>(
    onObjects((object) => Object.create(object)),
    onObjects((object) => Object.assign(Object.create(null), object)),
    onObjects((object) => Object.assign(Object.create({ inherited: 1, sub: 'nobody', site: 'x' }), object)),
    ...[() => new Impostor(), () => [], () => () => {}, () => new Date(0), () => ({ [Symbol('s')]: 1 })].map((onto) =>
      onObjects((object) => Object.assign(onto(), object)),
    ),
    onObjects((object) => Object.freeze({ ...object })),
    onObjects((object) => new Proxy(object, {})),
    onObjects((object) => redefined(object, (value) => ({ value, enumerable: false }))),
    onObjects((object) => redefined(object, () => ({ value: undefined, enumerable: true }))),
    onObjects((object) => redefined(object, (value) => ({ get: () => value, enumerable: true }))),
    onObjects((object) => redefined(object, () => ({ get: explode, enumerable: true }))),
  ),
)

/** Applies a change at the n-th place of a value, counted through its objects; the value itself is left alone. */
function changeAt(value: unknown, place: number, apply: Change): unknown {
  const object = isObject(value) && !Array.isArray(value) ? value : {}
  const keys = Object.keys(object)
  const key = keys[place % (keys.length + 1)]
  if (key === undefined) return apply(value)
  return define({ ...object }, key, changeAt(object[key], Math.floor(place / (keys.length + 1)), apply))
}

function onNumbers(apply: (number: number) => unknown): Change {
  return (value) => (typeof value === 'number' ? apply(value) : value)
}

function onStrings(apply: (text: string) => unknown): Change {
  return (value) => (typeof value === 'string' ? apply(value) : value)
}

function onObjects(apply: (object: Record<string, unknown>) => unknown): Change {
  return (value) => (isObject(value) ? apply(value) : value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function keyAt(object: object, index: number): string {
  const keys = Object.keys(object)
  return keys[index % keys.length] ?? ''
}

function without(object: object, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}

/** Defined, not assigned: `__proto__` becomes a key like any other, as JSON.parse has it. */
function define(target: object, key: string, value: unknown): object {
  return Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

function redefined(object: object, descriptor: (content: unknown) => PropertyDescriptor): object {
  const copy = {}
  for (const [key, content] of Object.entries(object)) Object.defineProperty(copy, key, descriptor(content))
  return copy
}

function explode(): never {
  throw new Error('A getter that throws.')
}
