import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HOST_TOKEN_COOKIE, IsthmusError, JWKS_PATH, LOGOUT_EVENT, TOKEN_COOKIE } from '@isthmus/protocol'
import { createMint, type Mint } from './tokens.ts'

/** What the kit has to know of a back end. */
export interface Conformance {
  readonly url: string
  readonly members: string
  readonly logout: string
  readonly site: string
  readonly mirror: 'cookie' | 'endpoint'
  /** Where the keys are published, on 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** The hub that the back end is set to; default `http://localhost:<port>`. */
  readonly hub?: string
  readonly progress: (text: string) => void
  /** Hears each line of the verdict as soon as it is known. */
  readonly onResult?: (result: Result) => void
  /** Called once the keys are there: a back end can be started then. */
  readonly ready?: (jwks: string, hub: string) => void | Promise<void>
}

/** One line of the verdict. */
export interface Result {
  readonly name: string
  readonly ok: boolean
  /** What was seen instead. */
  readonly saw?: string
}

const TIMEOUT_MS = 10_000

/**
 * Plays hub and browser against a running back end: good and bad site tokens, good and bad logout tokens, and what the
 * answers have to be. Nothing is assumed of the language; the back end is set to the hub and the keys of the kit.
 *
 * @throws {IsthmusError} `config-invalid` where the port is taken, `unreachable` where no back end answers
 */
export async function conform(options: Conformance): Promise<readonly Result[]> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: [mint.published] }))
  }).listen(options.port, '127.0.0.1')
  await once(server, 'listening').catch((cause: Error) => {
    const sentence = `The keys cannot be published at 127.0.0.1:${options.port} (${cause.message}): name another --port.`
    throw new IsthmusError('config-invalid', sentence, { cause })
  })
  const { port } = server.address() as AddressInfo
  const hub = options.hub ?? `http://localhost:${port}`
  const mint = await createMint(hub, options.site)
  const jwks = `http://127.0.0.1:${port}${JWKS_PATH}`
  try {
    options.progress(`The back end has to be set to the hub ${hub}, the keys ${jwks} and the site "${options.site}".`)
    await options.ready?.(jwks, hub)
    await findBackEnd(options.url)
    const results: Result[] = []
    for (const [name, test] of Object.entries(testsOf(options, mint))) {
      const saw = await test().catch((error: unknown) => `it failed: ${reasonOf(error)}`)
      const result = saw === undefined ? { name, ok: true } : { name, ok: false, saw }
      results.push(result)
      options.onResult?.(result)
    }
    return results
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Where nothing answers, no test says anything of a back end. */
async function findBackEnd(url: string): Promise<void> {
  await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause: unknown) => {
    const sentence = `No back end answers at ${url} (${reasonOf(cause)}): start it, or name where it listens.`
    throw new IsthmusError('unreachable', sentence, { cause })
  })
}

/** A test: nothing, or what was seen that should not be. */
type Test = () => Promise<string | undefined>

function testsOf({ url, members, logout, mirror }: Conformance, mint: Mint): Readonly<Record<string, Test>> {
  const [cookie, otherCookie] =
    mirror === 'endpoint' ? [HOST_TOKEN_COOKIE, TOKEN_COOKIE] : [TOKEN_COOKIE, HOST_TOKEN_COOKIE]
  const ask = (header: string | undefined): Promise<Response> =>
    fetch(new URL(members, url), {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(header !== undefined && { headers: { cookie: header } }),
    })
  const visit = (token: string, name = cookie): Promise<Response> => ask(`first=1; ${name}=${token}`)
  const deliver = (body: URLSearchParams | string, type = 'application/x-www-form-urlencoded'): Promise<Response> =>
    fetch(new URL(logout, url), {
      method: 'POST',
      body: String(body),
      headers: { 'content-type': type },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  const tell = (token: string): Promise<Response> => deliver(new URLSearchParams({ logout_token: token }))

  const tests: Record<string, Test> = {
    'a good token lets its user in': async () => admitted(await visit(await mint.site())),
    'the answer to a user is kept by no shared cache': async () => {
      const kept = (await visit(await mint.site())).headers.get('cache-control') ?? ''
      return /\b(?:private|no-store)\b/.test(kept)
        ? undefined
        : `Cache-Control is "${kept}"; it says private or no-store`
    },
    'nobody is let in without a token': async () => refused(await ask(undefined)),
    'a cookie whose name only ends so is none': async () => refused(await visit(await mint.site(), `x${cookie}`)),
    'the cookie of the other mirror is not believed': async () => refused(await visit(await mint.site(), otherCookie)),
    'two different tokens are refused: one of them is planted': async () => {
      const [one, two] = [await mint.site(), await mint.site({ claims: { sub: 'eve', sid: 'planted' } })]
      return (
        refused(await ask(`${cookie}=${one}; ${cookie}=${two}`)) ??
        refused(await ask(`${cookie}=${two}; ${cookie}=${one}`))
      )
    },
  }

  for (const [name, make] of Object.entries(mint.faults)) {
    tests[`bad site token: ${name}`] = async () => refused(await visit(await make(mint.site)))
  }
  for (const [name, claims] of Object.entries(WRONG_CLAIMS)) {
    tests[`bad site token: ${name}`] = async () => refused(await visit(await mint.site({ claims })))
  }
  tests['bad site token: a logout token'] = async () => refused(await visit(await mint.logout()))

  for (const [name, make] of Object.entries(mint.faults)) {
    tests[`bad logout token: ${name}`] = async () => rejected(await tell(await make(mint.logout)))
  }
  for (const [name, claims] of Object.entries(WRONG_LOGOUTS)) {
    tests[`bad logout token: ${name}`] = async () => rejected(await tell(await mint.logout({ claims })))
  }
  const site = { events: { [LOGOUT_EVENT]: {} }, jti: 'j' }
  tests['bad logout token: a site token'] = async () => rejected(await tell(await mint.site({ claims: site })))
  tests['a logout without a token is refused'] = async () => rejected(await deliver(''))
  tests['none of these ended the session'] = async () => admitted(await visit(await mint.site()))

  tests['a logout token is taken: 200 or 204, no redirect, no-store'] = async () => {
    const answer = await tell(await mint.logout({ claims: { sid: 'a', sub: 'ann' } }))
    if (answer.status !== 200 && answer.status !== 204) return `${answer.status}${hintOf(answer.status)}`
    const kept = answer.headers.get('cache-control') ?? ''
    return kept.includes('no-store') ? undefined : `Cache-Control is "${kept}"; it says no-store`
  }
  tests['its session is over at once, though its token is good'] = async () => {
    const token = await mint.site({ claims: { sid: 'b', sub: 'ann' } })
    const before = admitted(await visit(token))
    if (before) return `before: ${before}`
    await tell(await mint.logout({ claims: { sid: 'b', sub: 'ann' } }))
    return refused(await visit(token))
  }
  tests['another session of that user goes on'] = async () =>
    admitted(await visit(await mint.site({ claims: { sid: 'c', sub: 'ann' } })))
  tests['a logout token that comes again is refused'] = async () => {
    const token = await mint.logout({ claims: { sid: 'd', sub: 'ann' } })
    await tell(token)
    return rejected(await tell(token))
  }
  tests['of ten copies at once, one is taken'] = async () => {
    const token = await mint.logout({ claims: { sid: 'e', sub: 'ann' } })
    const answers = await Promise.all(Array.from({ length: 10 }, () => tell(token)))
    const taken = answers.filter(({ ok }) => ok).length
    return taken === 1 ? undefined : `${taken} were taken`
  }
  tests['ten logouts at once are all remembered'] = async () => {
    const sids = Array.from({ length: 10 }, (_, index) => `many-${index}`)
    await Promise.all(sids.map(async (sid) => tell(await mint.logout({ claims: { sid, sub: 'bob' } }))))
    const seen = await Promise.all(
      sids.map(async (sid) => refused(await visit(await mint.site({ claims: { sid, sub: 'bob' } })))),
    )
    return seen.find((one) => one !== undefined)
  }
  tests['a logout without a session ends all of the user, and of nobody else'] = async () => {
    const [cid, other] = [
      await mint.site({ claims: { sid: 'f', sub: 'cid' } }),
      await mint.site({ claims: { sid: 'g', sub: 'dan' } }),
    ]
    const answer = await tell(
      await mint.logout({ claims: { sid: undefined, sub: 'cid', iat: Math.ceil(Date.now() / 1000) } }),
    )
    if (!answer.ok) return `the logout was answered ${answer.status}`
    return refused(await visit(cid)) ?? admitted(await visit(other))
  }
  return tests
}

const WRONG_CLAIMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'no user': { sub: undefined },
  'no session': { sid: undefined },
  'a session that is a list': { sid: ['s1'] },
  'a life of more than five minutes': { exp: Math.floor(Date.now() / 1000) + 3600 },
}

const WRONG_LOGOUTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'a nonce, as of an ID token': { nonce: 'n' },
  'no event': { events: undefined },
  'another event': { events: { other: {} } },
  'an event that is no object': { events: { [LOGOUT_EVENT]: true } },
  'neither session nor user': { sid: undefined, sub: undefined },
  'no jti': { jti: undefined },
}

function admitted({ status }: Response): string | undefined {
  return status === 200 ? undefined : `${status}, where 200 was due${hintOf(status)}`
}

/** Nobody is let in: 401 and 403 say so, a redirect leads to a login page. */
function refused({ status }: Response): string | undefined {
  return status === 401 || status === 403 || (status >= 300 && status < 400)
    ? undefined
    : `${status}, where 401 was due`
}

/** A logout token is refused: 400, as Back-Channel Logout 1.0 §2.8 has it. */
function rejected({ status }: Response): string | undefined {
  return status === 400 ? undefined : `${status}, where 400 was due${hintOf(status)}`
}

function hintOf(status: number): string {
  if (status === 403 || status === 419) return '; exempt the address from CSRF protection'
  if (status === 404) return '; nothing is served there: name the path by --members or --logout'
  if (status >= 300 && status < 400) return '; the hub follows no redirect'
  return ''
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause)
}
