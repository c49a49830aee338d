import { ADMIN_PATH, ERRORS, type ErrorCode, IsthmusError, sentenceOf } from '@isthmus/protocol'
import type { Hub } from '../create-hub.ts'
import { limitBody } from '../requests/limit-body.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import type { Clock } from '../store/store.ts'
import { withRoutes } from '../with-routes.ts'
import { type AdminKey, createAdminKeys } from './admin-keys.ts'
import { openApiDocument } from './openapi.ts'
import { ALL_OPERATIONS, type Operation, type OperationName } from './operations.ts'
import { createRateLimit } from './rate-limit.ts'

export type { AdminKey } from './admin-keys.ts'

/** What {@link adminApi} takes. */
export interface AdminOptions {
  readonly hub: Hub
  /** The hub's origin, for the document. */
  readonly origin: string
  readonly keys: readonly AdminKey[]
  /** Hears of everything that was done or refused. Default: a line of JSON on stderr. */
  readonly onAudit?: (entry: AuditEntry) => void
  /** Milliseconds since the epoch; default `Date.now`. Tests hold it. */
  readonly clock?: Clock
}

/** Who did what, and what came of it. No entry holds a key, a claim or a group. */
export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Name of the key; absent where none was good. */
  readonly key?: string
  readonly action: OperationName | 'openapi' | 'unknown'
  readonly sub?: string
  readonly sid?: string
  readonly outcome: 'done' | ErrorCode
}

/** A key does this much in a minute at most, at each hub server. */
const REQUESTS_PER_MINUTE = 600

/** Requests without a good key are answered, and recorded, this often: whoever guesses fills no log. */
const STRANGERS_PER_MINUTE = 60

const STRANGERS = 'strangers'

/**
 * Adds `/isthmus/admin` to a hub, for back ends that are not Node: list and end sessions, change groups and claims, by
 * `Authorization: Bearer <key>`. `GET /isthmus/admin/openapi.json` describes it. Browsers are refused.
 * @throws {IsthmusError} `config-invalid`, with a sentence that names the key and the cure
 *
 * @example
 * app.use(nodeHandler(adminApi({ hub, origin, keys: [{ name: 'crm', key: process.env.CRM_KEY }] })))
 */
export function adminApi(options: AdminOptions): Hub {
  const { hub, origin, clock = Date.now } = options
  const { onAudit = (entry: AuditEntry) => console.error(JSON.stringify({ isthmus: 'admin', ...entry })) } = options
  const nameOf = createAdminKeys(options.keys)
  const [ofKeys, ofStrangers] = [
    createRateLimit(REQUESTS_PER_MINUTE, clock),
    createRateLimit(STRANGERS_PER_MINUTE, clock),
  ]

  /** Does it, records it, answers. */
  async function act(
    { headers }: Request,
    action: AuditEntry['action'],
    run: (about: { sub?: string; sid?: string }) => Promise<object>,
  ): Promise<Response> {
    const key = nameOf(headers.get('authorization') ?? undefined)
    const isLimited = key === undefined ? !ofStrangers.take(STRANGERS) : !ofKeys.take(key)
    const about: { sub?: string; sid?: string } = {}
    const record = (outcome: AuditEntry['outcome']): void => {
      if (key === undefined && isLimited) return
      onAudit({ at: clock(), ...(key !== undefined && { key }), action, ...about, outcome })
    }
    try {
      if (isLimited) throw new IsthmusError('too-many-requests')
      if (key === undefined) throw new IsthmusError('key-refused')
      // A key that stands in a page is no secret any more.
      if (headers.has('origin')) throw new IsthmusError('origin-refused')
      const answer = await run(about)
      record('done')
      return Response.json(answer, { headers: PRIVATE_HEADERS })
    } catch (error) {
      const known = error instanceof IsthmusError ? error : new IsthmusError('internal', undefined, { cause: error })
      record(known.code)
      if (known.code === 'internal') console.error('isthmus: admin:', known.cause ?? known)
      return refuse(known)
    }
  }

  return withRoutes(hub, (method, path) => {
    if (path !== ADMIN_PATH && !path.startsWith(`${ADMIN_PATH}/`)) return undefined
    if (method === 'GET' && path === `${ADMIN_PATH}/openapi.json`) {
      return (request) => act(request, 'openapi', async () => openApiDocument(origin))
    }
    const found = operationAt(method, path)
    if (!found) return (request) => act(request, 'unknown', () => Promise.reject(new IsthmusError('not-found')))
    const { name, operation, parts } = found
    return (request) =>
      act(request, name, async (about) => {
        const input = await inputOf(request, operation, parts)
        for (const part of ['sub', 'sid'] as const) if (part in input) about[part] = input[part] as string
        return operation.run(hub, input)
      })
  })
}

interface Found {
  readonly name: OperationName
  readonly operation: Operation
  /** Those of the path. */
  readonly parts: Readonly<Record<string, string>>
}

const PATTERNS = ALL_OPERATIONS.map(([name, operation]) => ({
  name,
  operation,
  pattern: new RegExp(`^${ADMIN_PATH}${operation.path.replace(/\{(\w+)\}/g, '(?<$1>[\\w-]+)')}$`),
}))

function operationAt(method: string, path: string): Found | undefined {
  for (const { name, operation, pattern } of PATTERNS) {
    const match = operation.method.toUpperCase() === method ? pattern.exec(path) : null
    if (match) return { name, operation, parts: match.groups ?? {} }
  }
  return undefined
}

/** Gathers the input from where it stands, and parses it: what is missing, wrong or unknown is named. */
async function inputOf(
  request: Request,
  { input, places }: Operation,
  parts: Found['parts'],
): Promise<Record<string, unknown>> {
  const hasBody = Object.values(places).includes('body')
  const body: unknown = hasBody ? parseJson(await (await limitBody(request)).text()) : {}
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new IsthmusError('invalid-request', 'The body is a JSON object.')
  }
  const elsewhere = { ...Object.fromEntries(new URL(request.url).searchParams), ...parts }
  const strayed = Object.keys(body).find((key) => (places as Readonly<Record<string, string>>)[key] !== 'body')
  const parsed = input.safeParse({ ...body, ...elsewhere })
  if (parsed.success && strayed === undefined) return parsed.data as Record<string, unknown>
  const issue = parsed.error?.issues[0]
  const fault = issue ? `${issue.path.join('.') || 'input'}: ${issue.message}` : `${strayed} does not stand in the body`
  throw new IsthmusError('invalid-request', `${fault}.`.replace(/\.\.$/, '.'))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(error: IsthmusError): Response {
  const { status } = ERRORS[error.code]
  const headers = { ...PRIVATE_HEADERS, ...(status === 429 && { 'Retry-After': '60' }) }
  return Response.json({ error: error.code, message: sentenceOf(error) }, { status, headers })
}
