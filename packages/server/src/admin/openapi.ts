import { ADMIN_PATH, ERRORS } from '@isthmus/protocol'
import * as z from 'zod'
import { ALL_OPERATIONS, type Operation } from './operations.ts'

/** The codes that any operation may be refused with. */
const REFUSALS = ['invalid-request', 'key-refused', 'not-found', 'too-many-requests', 'internal'] as const

const problemSchema = {
  type: 'object',
  required: ['error', 'message'],
  properties: { error: { type: 'string', description: 'A short code.' }, message: { type: 'string' } },
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/** The admin API as OpenAPI 3.1, from the same table that its routes are made of. */
export function openApiDocument(origin: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [name, entry] of ALL_OPERATIONS) {
    paths[entry.path] = { ...paths[entry.path], [entry.method]: describe(name, entry) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Isthmus: sessions of a hub', version: '1' },
    servers: [{ url: origin + ADMIN_PATH }],
    security: [{ key: [] }],
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: problemSchema } },
    paths,
  }
}

function describe(name: string, { means, input, places, answer }: Operation): object {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input' }) as ObjectSchema
  const standing: Readonly<Record<string, string>> = places
  const [inBody, outside] = [true, false].map((isInBody) =>
    Object.entries(properties).filter(([key]) => (standing[key] === 'body') === isInBody),
  )
  const body = { type: 'object', additionalProperties: false, properties: Object.fromEntries(inBody ?? []) }
  return {
    operationId: name,
    summary: means,
    parameters: (outside ?? []).map(([key, schema]) => ({
      name: key,
      in: standing[key],
      required: required.includes(key),
      schema,
    })),
    ...(inBody?.length && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'Done.', content: { 'application/json': { schema: z.toJSONSchema(answer) } } },
      ...Object.fromEntries(REFUSALS.map((code) => [ERRORS[code].status, refusal(ERRORS[code].sentence)])),
    },
  }
}

function refusal(description: string): object {
  return { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } }
}
