import { ADMIN_PATH, parseOrigin } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CLERK, CUSTOMER, createWorld, HUB, SHOP, type World } from '../hub.test-world.ts'
import { type AdminOptions, type AuditEntry, adminApi } from './admin-api.ts'
import { OPERATIONS } from './operations.ts'

const KEY = 'a-key-of-the-crm-that-is-long-enough'

function withAdmin(world: World, options: Partial<AdminOptions> = {}) {
  const audit: AuditEntry[] = []
  const onAudit = (entry: AuditEntry) => void audit.push(entry)
  const keys = [{ name: 'crm', key: KEY }]
  const { fetch } = adminApi({ hub: world.hub, origin: HUB, keys, clock: world.now, onAudit, ...options })
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const sent = { authorization: `Bearer ${KEY}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const request = new Request(HUB + ADMIN_PATH + path, {
      method,
      headers: { ...sent, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const answer = await fetch(request)
    return { status: answer.status, headers: answer.headers, body: await answer.json() }
  }
  return { audit, ask, fetch }
}

describe('the admin API', () => {
  it('lists and ends sessions, and records who did it', async () => {
    await using world = await createWorld()
    const { ask, audit } = withAdmin(world)
    const [one, other] = [world.agent(), world.agent()]
    await one.signIn(CUSTOMER)
    await other.signIn(CUSTOMER)
    await world.agent().signIn(CLERK)
    const listed = await ask('GET', '/sessions?sub=customer')
    expect(listed.status).toBe(200)
    expect(listed.headers.get('cache-control')).toBe('no-store')
    const { sessions } = OPERATIONS.listSessions.answer.parse(listed.body) as { sessions: { sid: string }[] }
    expect(sessions).toHaveLength(2)
    const sid = sessions[0]?.sid ?? ''
    expect((await ask('DELETE', `/sessions/${sid}`)).body).toEqual({ ended: 1 })
    expect((await ask('DELETE', `/sessions/${sid}`)).body).toEqual({ ended: 0 })
    expect((await ask('DELETE', '/sessions?sub=customer')).body).toEqual({ ended: 1 })
    expect(await world.hub.sessions.list('customer')).toEqual([])
    expect(await world.hub.sessions.list('clerk')).toHaveLength(1)
    expect(audit).toEqual([
      { at: world.now(), key: 'crm', action: 'listSessions', sub: 'customer', outcome: 'done' },
      { at: world.now(), key: 'crm', action: 'endSession', sid, outcome: 'done' },
      { at: world.now(), key: 'crm', action: 'endSession', sid, outcome: 'done' },
      { at: world.now(), key: 'crm', action: 'endSessions', sub: 'customer', outcome: 'done' },
    ])
  })

  it('changes groups and claims of a live session, each by itself', async () => {
    await using world = await createWorld()
    const { ask, audit } = withAdmin(world)
    const browser = world.agent()
    await browser.signIn(CLERK)
    const [session] = await world.hub.sessions.list('clerk')
    const path = `/sessions/${session?.sid}`
    expect((await ask('PATCH', path, { groups: ['customers'] })).body).toEqual({ changed: true })
    expect(await world.hub.sessions.list('clerk')).toMatchObject([{ groups: ['customers'], claims: { name: 'Clerk' } }])
    expect((await ask('PATCH', path, { claims: { name: 'Other' } })).body).toEqual({ changed: true })
    expect(await world.hub.sessions.list('clerk')).toMatchObject([{ groups: ['customers'], claims: { name: 'Other' } }])
    expect(JSON.stringify(audit)).not.toMatch(/customers|Other/)
    expect(await ask('PATCH', '/sessions/none', { groups: [] })).toMatchObject({
      status: 404,
      body: { error: 'not-found', message: 'There is no such live session.' },
    })
  })

  it.each([
    ['no user', 'GET', '/sessions', undefined, /sub: /],
    ['an unknown parameter', 'GET', '/sessions?sub=customer&all=1', undefined, /all/],
    ['no JSON', 'PATCH', '/sessions/s', 'x', /body is a JSON object/],
    ['a list', 'PATCH', '/sessions/s', [], /body is a JSON object/],
    ['groups as one text', 'PATCH', '/sessions/s', { groups: 'staff' }, /groups: /],
    ['another field', 'PATCH', '/sessions/s', { expiresAt: 1 }, /expiresAt/],
    ['another session in the body', 'PATCH', '/sessions/s', { sid: 'other' }, /sid does not stand in the body/],
    ['a body without end', 'PATCH', '/sessions/s', { claims: { text: 'x'.repeat(9000) } }, /at most 8192 bytes/],
  ])('refuses %s, and changes nothing', async (_, method, path, body, sentence) => {
    await using world = await createWorld()
    const { ask } = withAdmin(world)
    await world.agent().signIn(CUSTOMER)
    const answer = await ask(method, path, body)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid-request', message: expect.stringMatching(sentence) },
    })
    expect(await world.hub.sessions.list('customer')).toMatchObject([{ groups: ['customers'] }])
  })

  it('refuses who has no key, and whatever comes from a page, and records that', async () => {
    await using world = await createWorld()
    const { ask, audit } = withAdmin(world)
    await world.agent().signIn(CUSTOMER)
    for (const authorization of ['', 'Bearer', 'Bearer x', `Basic ${KEY}`, `Bearer ${KEY}x`]) {
      const answer = await ask('DELETE', '/sessions?sub=customer', undefined, { authorization })
      expect(answer).toMatchObject({ status: 401, body: { error: 'key-refused' } })
    }
    const fromPage = await ask('DELETE', '/sessions?sub=customer', undefined, { origin: SHOP })
    expect(fromPage).toMatchObject({ status: 403, body: { error: 'origin-refused' } })
    expect(await world.hub.sessions.list('customer')).toHaveLength(1)
    expect(audit.map(({ outcome }) => outcome)).toEqual([...Array(5).fill('key-refused'), 'origin-refused'])
    expect(JSON.stringify(audit)).not.toContain(KEY)
  })

  it('is limited: guesses neither fill the record nor lock out a key, and a key has its own measure', async () => {
    await using world = await createWorld()
    const keys = [
      { name: 'crm', key: KEY },
      { name: 'shop', key: KEY.toUpperCase() },
    ]
    const { ask, audit } = withAdmin(world, { keys })
    const guess = () => ask('GET', '/sessions?sub=customer', undefined, { authorization: 'Bearer guess' })
    for (let count = 0; count < 60; count++) expect((await guess()).status).toBe(401)
    const limited = await guess()
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60'])
    expect(audit).toHaveLength(60)
    for (let count = 0; count < 600; count++) await ask('GET', '/sessions?sub=customer')
    expect((await ask('GET', '/sessions?sub=customer')).status).toBe(429)
    const other = { authorization: `Bearer ${KEY.toUpperCase()}` }
    expect((await ask('GET', '/sessions?sub=customer', undefined, other)).status).toBe(200)
    world.pass(60_000)
    expect((await ask('GET', '/sessions?sub=customer')).status).toBe(200)
    expect((await guess()).status).toBe(401)
  })

  it('leaves everything else to the hub', async () => {
    await using world = await createWorld()
    const { ask, fetch } = withAdmin(world)
    expect((await fetch(new Request(`${HUB}/isthmus/healthz`))).status).toBe(200)
    expect((await ask('POST', '/sessions?sub=customer')).status).toBe(404)
    // Off by default: without it the hub knows no such address.
    expect((await world.hub.fetch(new Request(`${HUB}${ADMIN_PATH}/sessions?sub=customer`))).status).toBe(404)
  })

  it('says that it failed, and nothing of why', async () => {
    await using world = await createWorld()
    const log = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => log.mockRestore())
    const sessions = { ...world.hub.sessions, list: () => Promise.reject(new Error('disk full')) }
    const { ask, audit } = withAdmin(world, { hub: { ...world.hub, sessions } })
    expect(await ask('GET', '/sessions?sub=customer')).toMatchObject({
      status: 500,
      body: { error: 'internal', message: 'The hub failed.' },
    })
    expect(log.mock.calls.join()).toContain('disk full')
    expect(audit.at(-1)?.outcome).toBe('internal')
  })

  it.each([
    [[], /needs a list/],
    [[{ name: '', key: KEY }], /keys\[0\]\.name is missing/],
    [[{ name: 'crm', key: 'short' }], /keys\[0\]\.key has 5 characters, and 32 are the least/],
    [[{ name: 'crm', key: `${KEY} ü` }], /no header takes/],
    [
      [
        { name: 'crm', key: KEY },
        { name: 'crm', key: KEY.toUpperCase() },
      ],
      /two keys of one name/,
    ],
  ])('does not start with keys that are none (%#)', async (keys, sentence) => {
    await using world = await createWorld()
    expect(() => withAdmin(world, { keys })).toThrow(sentence)
  })
})

interface Described {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties: object } } }
  }
  readonly responses: Readonly<Record<string, object>>
}

describe('the OpenAPI document', () => {
  it('describes every operation that there is, and each is answered as it says', async () => {
    await using world = await createWorld()
    const { ask, audit } = withAdmin(world)
    const { body: document } = await ask('GET', '/openapi.json')
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: HUB + ADMIN_PATH }] })
    expect(parseOrigin(new URL(document.servers[0].url).origin)).toBe(HUB)
    const described = Object.entries<Record<string, Described>>(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, entry]) => ({ path, method, entry })),
    )
    expect(described.map(({ entry }) => entry.operationId).sort()).toEqual(Object.keys(OPERATIONS).sort())
    for (const { path, method, entry } of described) {
      await world.agent().signIn(CUSTOMER)
      const [session] = await world.hub.sessions.list('customer')
      const values: Record<string, string> = { sub: 'customer', sid: session?.sid ?? '' }
      const query = new URLSearchParams()
      let address = path
      for (const { name, in: place } of entry.parameters) {
        if (place === 'path') address = address.replace(`{${name}}`, values[name] ?? '')
        else query.set(name, values[name] ?? '')
      }
      const properties = entry.requestBody?.content['application/json'].schema.properties
      const sent = properties && { groups: ['customers'] }
      if (properties) expect(Object.keys(properties)).toEqual(['claims', 'groups'])
      const answer = await ask(method.toUpperCase(), query.size ? `${address}?${query}` : address, sent)
      expect(answer.status).toBe(200)
      const { answer: schema } = OPERATIONS[entry.operationId as keyof typeof OPERATIONS]
      expect(schema.safeParse(answer.body).error).toBeUndefined()
      expect(Object.keys(entry.responses)).toEqual(['200', '400', '401', '404', '429', '500'])
      expect(audit.at(-1)).toMatchObject({ action: entry.operationId, outcome: 'done' })
    }
  })
})
