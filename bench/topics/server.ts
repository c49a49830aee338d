import { load } from '../load.ts'
import { inRounds, median, ratios, table, withSpread } from '../rounds.ts'
import { type ServerProcess, startServer } from '../server-process.ts'

const CONNECTIONS = 64
const ROUNDS = 5
const ROUND_MS = 2000
const WARM_UP_MS = 1500

const CONTENDERS = [
  { name: 'Isthmus on LMDB', file: 'hub' },
  { name: 'bare Hono + LMDB get', file: 'bare-hono' },
  { name: 'bare node:http', file: 'bare-node' },
] as const

interface Result {
  readonly perSecond: number
  readonly cpuUs: number
  readonly p99Ms: number
}

/** `GET /session`: requests a second, and processor time of the server for each, against bare servers. */
export async function measureServer(): Promise<string> {
  const running = new Map<string, ServerProcess>()
  try {
    for (const { name, file } of CONTENDERS) running.set(name, await startServer(file))
    for (const { ready } of running.values()) await load(ready, CONNECTIONS, WARM_UP_MS)
    return report(await compare(running))
  } finally {
    for (const server of running.values()) await server[Symbol.asyncDispose]()
  }
}

function compare(running: ReadonlyMap<string, ServerProcess>): Promise<ReadonlyMap<string, readonly Result[]>> {
  return inRounds(CONTENDERS, ROUNDS, async ({ name }) => {
    const server = running.get(name) as ServerProcess
    const before = await server.usage()
    const { requests, seconds, p99Ms } = await load(server.ready, CONNECTIONS, ROUND_MS)
    const after = await server.usage()
    return { perSecond: requests / seconds, cpuUs: (after.cpuUs - before.cpuUs) / requests, p99Ms }
  })
}

function report(results: ReadonlyMap<string, readonly Result[]>): string {
  const of = (name: string, key: keyof Result): number[] => (results.get(name) ?? []).map((result) => result[key])
  const bare = of('bare Hono + LMDB get', 'cpuUs')
  const rows = CONTENDERS.map(({ name }) => [
    name,
    withSpread(of(name, 'perSecond')),
    withSpread(of(name, 'cpuUs'), 1),
    withSpread(of(name, 'p99Ms'), 1),
    withSpread(ratios(bare, of(name, 'cpuUs')), 2),
  ])
  const ratio = median(ratios(bare, of('Isthmus on LMDB', 'cpuUs')))
  const head = ['', 'requests/s', 'server CPU per request, µs', 'p99, ms', 'ratio by CPU to bare Hono + LMDB']
  return `GET /session over ${CONNECTIONS} connections, ${ROUNDS} interleaved rounds of ${ROUND_MS / 1000} s; median (extremes).

${table(head, rows)}

Isthmus does ${ratio.toFixed(2)} × the requests of bare Hono + LMDB get, for the same processor time.`
}
