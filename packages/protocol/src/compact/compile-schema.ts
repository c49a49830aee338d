import * as z from 'zod/mini'
import type { Table } from './table.ts'

type JsonSchema = z.core.JSONSchema.JSONSchema

/**
 * Compiles a zod schema into a {@link Table}, by way of JSON Schema. Runs at build time only.
 * A keyword that the table cannot express is an error: nothing that the schema demands is lost in silence.
 */
export function compileSchema(schema: z.ZodMiniType): Table {
  return compile(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }))
}

function compile(schema: JsonSchema): Table {
  const { $schema: _, ...keywords } = schema
  const only = (...known: string[]): void => {
    const strange = Object.keys(keywords).filter((keyword) => !known.includes(keyword))
    if (strange.length > 0)
      throw new Error(`compileSchema: no compact form for ${strange.join(', ')} in ${JSON.stringify(schema)}`)
  }
  if (Object.keys(keywords).length === 0) return 0
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) {
    only('anyOf', 'oneOf')
    return ['u', ...branches.map((branch) => compile(branch as JsonSchema))]
  }
  if ('const' in schema) {
    only('const', 'type')
    return ['l', schema.const as string]
  }
  if (schema.enum) {
    only('enum', 'type')
    return ['l', ...(schema.enum as string[])]
  }
  switch (schema.type) {
    case 'null':
      only('type')
      return ['l', null]
    case 'string': {
      only('type', 'minLength', 'maxLength', 'pattern')
      const bounds = ['s', schema.minLength ?? 0, schema.maxLength ?? Number.MAX_SAFE_INTEGER] as const
      return schema.pattern === undefined ? bounds : [...bounds, schema.pattern]
    }
    case 'integer':
      only('type', 'minimum', 'maximum')
      return ['i', schema.minimum ?? Number.MIN_SAFE_INTEGER, schema.maximum ?? Number.MAX_SAFE_INTEGER]
    case 'object': {
      only('type', 'properties', 'required', 'additionalProperties')
      const keys = Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, property]) => [
          schema.required?.includes(key) ? key : `${key}?`,
          compile(property as JsonSchema),
        ]),
      )
      return schema.additionalProperties ? ['o', keys, compile(schema.additionalProperties as JsonSchema)] : ['o', keys]
    }
    default:
      throw new Error(`compileSchema: no compact form for ${JSON.stringify(schema)}`)
  }
}
