import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ENDPOINTS, siteAnswerSchema, TICKET_FRAGMENT } from '@isthmus/protocol'
import { parseSetCookie } from 'cookie'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HUB, SHOP } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'
import { hasRedis, type RedisServer, startRedis } from '../store/redis-server.test-world.ts'
import { type Entry, findViolations } from './invariants.test-world.ts'

const CYCLES = Number(process.env.ISTHMUS_FAULTS_CYCLES ?? 20)
const SEED = Number(process.env.ISTHMUS_FAULTS_SEED ?? Date.now() % 1_000_000)
const BROWSERS_AT_ONCE = 4
const HOUR_MS = 3_600_000
/** For hangs only. */
const LIMIT_MS = 120_000 + CYCLES * 500

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A hub in a process of its own; killed, it is started again at the same port. */
async function startHub(place: string) {
  const alias = { '@isthmus/protocol': resolve(import.meta.dirname, '../../../protocol/src/index.ts') }
  const source = `
    import { runnerImport } from 'vite'
    const { module } = await runnerImport(${JSON.stringify(join(import.meta.dirname, 'hub-process.test-world.ts'))}, { resolve: ${JSON.stringify({ alias })} })
    await module.serveHub(process.argv[1], Number(process.argv[2]))`
  let child: ChildProcess | undefined
  let port = 0

  async function start(): Promise<void> {
    // The store may be away at that moment.
    for (let isReady = false; !isReady; ) {
      child = spawn(process.execPath, ['--input-type=module', '--eval', source, place, String(port)], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      for await (const data of child.stdout ?? []) {
        port = Number(/listening (\d+)/.exec(String(data))?.[1] ?? port)
        isReady = String(data).includes('listening')
        if (isReady) break
      }
    }
    child?.stdout?.resume()
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  onTestFinished(kill)
  await start()
  return {
    start,
    kill,
    signal: (name: NodeJS.Signals) => void child?.kill(name),
    address: () => `http://127.0.0.1:${port}`,
  }
}

type FaultyHub = Awaited<ReturnType<typeof startHub>>

/** What breaks, by name; each resolves when it is over. */
function faultsOf(hub: FaultyHub, redis: RedisServer | undefined, random: () => number) {
  const pauseMs = (): number => Math.ceil(random() * 300)
  const faults: Record<string, () => Promise<void>> = {
    async 'SIGKILL of the hub'() {
      await hub.kill()
      await hub.start()
    },
    async 'SIGSTOP of the hub'() {
      hub.signal('SIGSTOP')
      await sleep(pauseMs())
      hub.signal('SIGCONT')
    },
    async 'a step of the clock'() {
      const step = random() < 0.5 ? -HOUR_MS : HOUR_MS
      await fetch(`${hub.address()}/clock?step=${step}`).catch(() => undefined)
    },
  }
  if (redis) {
    faults['SIGKILL of Redis'] = async () => {
      await redis.kill()
      await sleep(pauseMs())
      await redis.start()
    }
    faults['SIGSTOP of Redis'] = async () => {
      redis.pause()
      await sleep(pauseMs())
      redis.resume()
    }
  }
  return faults
}

async function run(place: string, redis: RedisServer | undefined) {
  const random = createRandom(SEED)
  const hub = await startHub(place)
  const faults = faultsOf(hub, redis, random)
  const history: Entry[] = []
  const counts: Record<string, number> = {}
  let operations = 0
  let cycles = 0

  /** Asks until it is answered by what is no failure of the hub or the way to it. */
  async function insist(path: string, init: RequestInit): Promise<Response> {
    for (;;) {
      operations += 1
      try {
        const answer = await fetch(hub.address() + path, {
          redirect: 'manual',
          ...init,
          signal: AbortSignal.timeout(5000),
        })
        const body = await answer.arrayBuffer()
        if (answer.status < 500) return new Response(answer.status === 204 ? null : body, answer)
      } catch {
        // Broken off: what became of it is not known.
      }
      await sleep(20)
    }
  }

  const cookiesOf = (answer: Response): string[] =>
    answer.headers.getSetCookie().map((text) => {
      const { name, value } = parseSetCookie(text)
      return `${name}=${value ?? ''}`
    })
  const own = (cookies: readonly string[]): Record<string, string> => ({
    cookie: cookies.join('; '),
    'isthmus-origin': SHOP,
    'sec-fetch-site': 'same-origin',
    origin: HUB,
  })

  async function ask(browser: string, cookies: readonly string[]): Promise<string> {
    const asked = history.length
    const answer = await insist(ENDPOINTS.session.path, { headers: own(cookies) })
    const { state } = siteAnswerSchema.parse(await answer.json())
    const sub = state.status === 'signed-in' ? state.user.sub : undefined
    history.push({ type: 'told', browser, asked, status: state.status, sub })
    return state.status
  }

  /** A carrier for the shop's partition, by a silent visit; a ticket that burned in a crash gives none. */
  async function link(cookies: readonly string[]): Promise<string[]> {
    const verifier = createSecret()
    const query = new URLSearchParams({ return_to: `${SHOP}/`, challenge: sha256(verifier) })
    const headers = {
      cookie: cookies.join('; '),
      referer: `${SHOP}/`,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-dest': 'document',
    }
    const back = await insist(`${ENDPOINTS.link.path}?${query}`, { headers })
    const ticket = back.headers.get('location')?.split(`#${TICKET_FRAGMENT}=`)[1]
    if (ticket === undefined) return []
    const body = JSON.stringify({ ticket, verifier })
    const answer = await insist(ENDPOINTS.redeem.path, { method: 'POST', headers: own([]), body })
    return answer.ok ? cookiesOf(answer) : []
  }

  async function cycle(browser: string): Promise<void> {
    const cookies = cookiesOf(await insist(`/login?sub=${browser}`, { method: 'POST', headers: { origin: HUB } }))
    history.push({ type: 'signed-in', browser })
    await ask(browser, cookies)
    const partition = await link(cookies)
    if (partition.length > 0) await ask(browser, partition)
    history.push({ type: 'sign-out-asked', browser })
    const by = partition.length > 0 ? partition : cookies
    const { ok } = await insist(ENDPOINTS.signOut.path, { method: 'POST', headers: own(by) })
    if (ok) history.push({ type: 'sign-out-confirmed', browser })
    for (const carrier of [cookies, partition]) if (carrier.length > 0) await ask(browser, carrier)
  }

  async function work(): Promise<void> {
    while (cycles < CYCLES) await cycle(`browser-${cycles++}`)
  }

  let isOver = false
  async function breakThings(): Promise<void> {
    let next = 0
    while (!isOver) {
      if (operations < next) {
        await sleep(1)
        continue
      }
      const names = Object.keys(faults)
      const name = names[Math.floor(random() * names.length)] as string
      counts[name] = (counts[name] ?? 0) + 1
      await faults[name]?.()
      next = operations + Math.ceil(random() * 40)
    }
  }

  const breaking = breakThings()
  await Promise.all(Array.from({ length: BROWSERS_AT_ONCE }, work))
  isOver = true
  await breaking
  const violations = findViolations(history)
  const told = Object.entries(counts).map(([name, count]) => `${count} × ${name}`)
  console.log(
    `faults: seed ${SEED}, ${cycles} cycles, ${operations} operations, ${told.join(', ')}; ${violations.length} violations`,
  )
  return { history, violations }
}

describe('whatever is killed, stopped or set wrong, no sign-out is forgotten and no session lost', () => {
  it('LMDB', { timeout: LIMIT_MS }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-faults-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { history, violations } = await run(folder, undefined)
    expect(violations, `ISTHMUS_FAULTS_SEED=${SEED} repeats it`).toEqual([])
    expect(history.filter(({ type }) => type === 'sign-out-confirmed').length).toBeGreaterThan(CYCLES / 2)
  })

  it.skipIf(!hasRedis)('Redis', { timeout: LIMIT_MS }, async () => {
    await using redis = await startRedis()
    const { history, violations } = await run(redis.url, redis)
    expect(violations, `ISTHMUS_FAULTS_SEED=${SEED} repeats it`).toEqual([])
    expect(history.filter(({ type }) => type === 'sign-out-confirmed').length).toBeGreaterThan(CYCLES / 2)
  })
})

describe('the checker', () => {
  const told = (asked: number, status: string, sub?: string): Entry => ({
    type: 'told',
    browser: 'a',
    asked,
    status,
    sub,
  })
  const signedIn: Entry = { type: 'signed-in', browser: 'a' }
  const asked: Entry = { type: 'sign-out-asked', browser: 'a' }
  const confirmed: Entry = { type: 'sign-out-confirmed', browser: 'a' }

  it('finds a forgotten sign-out, a lost session and a wrong user', () => {
    expect(findViolations([signedIn, asked, confirmed, told(3, 'signed-in', 'a')])).toHaveLength(1)
    expect(findViolations([signedIn, told(1, 'signed-out')])).toHaveLength(1)
    expect(findViolations([signedIn, told(1, 'signed-in', 'b')])).toHaveLength(1)
  })

  it('takes what was asked before the end, and either answer while it is under way', () => {
    expect(findViolations([signedIn, asked, confirmed, told(1, 'signed-in', 'a')])).toEqual([])
    expect(findViolations([signedIn, asked, told(2, 'signed-out'), told(2, 'signed-in', 'a')])).toEqual([])
  })
})
