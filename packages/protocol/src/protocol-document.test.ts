import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type * as z from 'zod/mini'
import * as constants from './constants.ts'
import { ENDPOINT_FACTS, type EndpointName } from './endpoint-facts.ts'
import * as ENDPOINTS from './endpoints.ts'
import { ERRORS } from './error-facts.ts'
import { ENDPOINT_EXAMPLES, MESSAGE_EXAMPLES, PROBLEM_EXAMPLE } from './examples.test-kit.ts'
import { MESSAGE_FACTS } from './message-facts.ts'
import {
  clientToHubSchema,
  hubToClientSchema,
  type Message,
  messageSchema,
  secretSchema,
  visitIdSchema,
  visitSchema,
} from './messages.ts'
import {
  bounceSchema,
  discoverySchema,
  hubPageDataSchema,
  problemSchema,
  redeemedSchema,
  redeemSchema,
  registeredVisitSchema,
} from './payloads.ts'
import { carrierSchema, siteAnswerSchema, siteStateSchema, slugSchema } from './state.ts'

// PROTOCOL.md is written by hand but for its tables: they are printed from the source, and a stale one fails here.
// `npx vitest run packages/protocol -u` prints them anew.

const DOCUMENT = '../../../PROTOCOL.md'
const document = readFileSync(new URL(DOCUMENT, import.meta.url), 'utf8')
const constantsSource = readFileSync(new URL('constants.ts', import.meta.url), 'utf8')

/** Shapes that have a name of their own in the document, in its order. */
const SHAPES: Record<string, z.core.$ZodType> = {
  Secret: secretSchema,
  Slug: slugSchema,
  Carrier: carrierSchema,
  SiteState: siteStateSchema,
  SiteAnswer: siteAnswerSchema,
  HubPageData: hubPageDataSchema,
  RedeemInput: redeemSchema,
  Redeemed: redeemedSchema,
  VisitId: visitIdSchema,
  Visit: visitSchema,
  RegisteredVisit: registeredVisitSchema,
  Bounce: bounceSchema,
  Discovery: discoverySchema,
  Problem: problemSchema,
}

const CONSTANTS: Readonly<Record<string, string | number>> = { ...constants }

const TABLES: Record<string, () => string> = { messages, shapes, exchanges, endpoints, errors, limits, said }

describe('PROTOCOL.md', () => {
  it('holds every generated table, once', () => {
    const names = [...document.matchAll(/<!-- generated:(\w+) -->/g)].map(([, name]) => name)
    expect(names.sort()).toEqual(Object.keys(TABLES).sort())
  })

  it('agrees with the source', async () => {
    const region = /(<!-- generated:(\w+) -->\n)[\s\S]*?(?=<!-- \/generated -->)/g
    const printed = document.replace(region, (_, opening: string, name: string) => `${opening}${TABLES[name]?.()}\n`)
    await expect(printed).toMatchFileSnapshot(DOCUMENT)
  })

  it('speaks of no constant that is none', () => {
    const spoken = [...document.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name]) => name as string)
    expect(spoken.length).toBeGreaterThan(0)
    expect(spoken.filter((name) => !Object.hasOwn(CONSTANTS, name))).toEqual([])
  })

  it.each([
    ['client', 'hub', clientToHubSchema],
    ['hub', 'client', hubToClientSchema],
  ])('prints the direction of what goes from the %s to the %s over the port', (from, to, schema) => {
    const facts = Object.entries(MESSAGE_FACTS).filter(([, fact]) => fact.from === from && fact.over === 'port')
    expect(facts.map(([type]) => type).sort()).toEqual(schema.def.options.map(typeNameOf).sort())
    expect(facts.every(([, fact]) => fact.to === to)).toBe(true)
  })
})

/** One of each message, as it crosses. */
function said(): string {
  const lines = Object.entries(MESSAGE_EXAMPLES).map(([, example]) => {
    expect(messageSchema.parse(example)).toEqual(example)
    return JSON.stringify(example)
  })
  return ['```json', ...lines, '```'].join('\n')
}

/** One exchange with each endpoint that takes or gives JSON, and a refusal. */
function exchanges(): string {
  const shown = (schema: z.ZodMiniType, value: unknown): string => {
    expect(schema.parse(value)).toEqual(value)
    return JSON.stringify(value)
  }
  const lines = Object.entries(ENDPOINT_EXAMPLES).flatMap(([name, { takes, gives }]) => {
    const { method, path } = { ...ENDPOINTS }[name as EndpointName]
    return [`// ${method} ${path}`, ...(takes ? [shown(...takes)] : []), shown(...gives), '']
  })
  return ['```jsonc', ...lines, '// a refusal', shown(...PROBLEM_EXAMPLE), '```'].join('\n')
}

function messages(): string {
  const rows = messageSchema.def.options.map((schema) => {
    const type = typeNameOf(schema)
    const { from, to, over, means } = MESSAGE_FACTS[type]
    const { isthmus, type: _, ...fields } = schema.shape as Record<string, z.core.$ZodType>
    expect(isthmus && print(isthmus)).toBe(`${constants.PROTOCOL_VERSION}`)
    return [code(type), `${from} → ${to}`, over, Object.keys(fields).length > 0 ? code(printShape(fields)) : '–', means]
  })
  return table(['type', 'direction', 'over', 'further fields', 'means'], rows)
}

function shapes(): string {
  const rows = Object.entries(SHAPES).flatMap(([name, schema]) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    const options = def.type === 'union' ? def.options : [schema]
    return options.map((option, index) => [index === 0 ? code(name) : 'or', code(printPlain(option))])
  })
  return table(['shape', 'is'], rows)
}

function endpoints(): string {
  const routes = { ...ENDPOINTS }
  expect(Object.keys(ENDPOINT_FACTS).sort()).toEqual(Object.keys(routes).sort())
  const rows = Object.entries(ENDPOINT_FACTS).map(([name, { caller, input, output, means }]) => {
    const { method, path } = routes[name as EndpointName]
    return [code(`${method} ${path}`), caller, input, output, means]
  })
  return table(['endpoint', 'asked by', 'takes', 'gives', 'means'], rows)
}

function errors(): string {
  const rows = Object.entries(ERRORS).map(([name, { status, retry, sentence }]) => {
    return [code(name), `${status}`, retry ? 'yes' : 'no', sentence]
  })
  return table(['code', 'HTTP status', 'may succeed later', 'means'], rows)
}

/** The names, values and comments of constants.ts; a comment stands for all that follow it in its paragraph. */
function limits(): string {
  const rows = constantsSource.split('\n\n').flatMap((paragraph) => {
    const means = /\/\*\*(.*?)\*\//s
      .exec(paragraph)?.[1]
      ?.replace(/\s*\n\s*\*\s*/g, ' ')
      .trim()
    const names = [...paragraph.matchAll(/^export const (\w+)/gm)].map(([, name]) => name as string)
    return names.map((name) => [code(name), printValue(name), means ?? ''])
  })
  expect(rows.length).toBe(Object.keys(CONSTANTS).length)
  return table(['constant', 'value', 'means'], rows)
}

function printValue(name: string): string {
  const value = CONSTANTS[name]
  if (typeof value !== 'number') return code(value ?? '')
  if (name.endsWith('_BYTES')) return `${value} bytes`
  if (name.endsWith('_LIMIT')) return `${value} characters`
  if (!name.endsWith('_MS')) return `${value}`
  const units = [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const
  // A single minute is read more easily as 60 s.
  const [unit, ms] = units.find(([, size]) => value % size === 0 && value > size) ?? ['ms', 1]
  return `${value / ms} ${unit}`
}

function typeNameOf(schema: z.core.$ZodType & { readonly shape: { readonly type: z.core.$ZodType } }): Message['type'] {
  return [...(schema.shape.type._zod.values ?? [])][0] as Message['type']
}

/** A schema by its name in the document, if it has one, or by what it demands. */
function print(schema: z.core.$ZodType): string {
  return Object.entries(SHAPES).find(([, shape]) => shape === schema)?.[0] ?? printPlain(schema)
}

function printPlain(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'literal':
    case 'enum':
      return [...(schema._zod.values ?? [])].map((value) => JSON.stringify(value)).join(' | ')
    case 'nullable':
      return `${print(def.innerType)} | null`
    case 'string':
      return ['string', ...checksOf(def)].join(' ')
    case 'number':
      return ['integer', ...checksOf(def)].join(' ')
    case 'object':
      return printShape(def.shape, def.catchall && '…')
    default:
      throw new Error(`The document has no words for a schema of type "${def.type}".`)
  }
}

function printShape(shape: Readonly<Record<string, z.core.$ZodType>>, rest?: string): string {
  const fields = Object.entries(shape).map(([key, schema]) => {
    const { def } = (schema as z.core.$ZodTypes)._zod
    return def.type === 'optional' ? `${key}?: ${print(def.innerType)}` : `${key}: ${print(schema)}`
  })
  return `{ ${[...fields, ...(rest ? [rest] : [])].join(', ')} }`
}

function checksOf(def: z.core.$ZodTypeDef): string[] {
  return (def.checks ?? []).map((check) => {
    const demand = (check as z.core.$ZodChecks)._zod.def
    switch (demand.check) {
      case 'min_length':
        return `≥ ${demand.minimum}`
      case 'max_length':
        return `≤ ${demand.maximum}`
      case 'greater_than':
        return `≥ ${demand.value}`
      case 'string_format':
        return `/${demand.pattern?.source}/`
      default:
        throw new Error(`The document has no words for the check "${demand.check}".`)
    }
  })
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  // A bar would end the cell, in code too (GitHub Flavored Markdown, example 200).
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
}
