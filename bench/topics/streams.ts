import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { inRounds, ratios, table, withSpread } from '../rounds.ts'
import { startServer } from '../server-process.ts'

const STREAMS = Number(process.env.ISTHMUS_BENCH_STREAMS ?? 10_000)
const ROUNDS = 3
/** Connections that are opened at the same time. */
const AT_ONCE = 200

const CONTENDERS = [
  { name: 'Isthmus', file: 'hub-streams' },
  { name: 'bare node:http', file: 'bare-streams' },
] as const

interface Result {
  readonly kilobytes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lastMs: number
  readonly stallMs: number
}

/** Memory of an open stream, and how long a sign-out of all sessions takes until the streams hear of it. */
export async function measureStreams(): Promise<string> {
  const results = await inRounds(CONTENDERS, ROUNDS, ({ file }) => measure(file))
  const of = (name: string, key: keyof Result): number[] => (results.get(name) ?? []).map((result) => result[key])
  const bare = of('bare node:http', 'p99Ms')
  const rows = CONTENDERS.map(({ name }) => [
    name,
    withSpread(of(name, 'kilobytes'), 1),
    withSpread(of(name, 'p50Ms')),
    withSpread(of(name, 'p99Ms')),
    withSpread(of(name, 'lastMs')),
    withSpread(of(name, 'stallMs')),
    withSpread(ratios(of(name, 'p99Ms'), bare), 2),
  ])
  const head = ['', 'kB per stream', 'p50, ms', 'p99, ms', 'last, ms', 'longest stall, ms', 'p99 to bare']
  return `${STREAMS} streams of as many sessions, all signed out at once, ${ROUNDS} interleaved rounds; median (extremes).

${table(head, rows)}`
}

async function measure(file: string): Promise<Result> {
  await using server = await startServer(file, [String(STREAMS)], ['--expose-gc'])
  const { port, path, headers } = server.ready
  const cookies = (await server.tell('cookies')) as string[]
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const before = await server.usage()
  const sockets: Socket[] = []
  const heard: number[] = []
  let isOver = false
  const ends: Promise<unknown>[] = []
  for (let first = 0; first < cookies.length; first += AT_ONCE) {
    const opened = cookies.slice(first, first + AT_ONCE).map(async (cookie) => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost:${port}\r\n${head.join('')}cookie: ${cookie}\r\n\r\n`)
      sockets.push(socket)
      let text = ''
      while (!text.includes('data: ')) text += String((await once(socket, 'data'))[0])
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(`The server answered ${text.slice(0, 100)}`)
      ends.push(
        once(socket, 'data').then(() => {
          if (!isOver) throw new Error('A stream heard something before the end.')
          heard.push(performance.now())
        }),
      )
    })
    await Promise.all(opened)
  }
  const full = await server.usage()
  const startedAt = performance.now()
  isOver = true
  await server.tell('end')
  await Promise.all(ends)
  const after = await server.usage()
  for (const socket of sockets) socket.destroy()
  const times = heard.map((at) => at - startedAt).toSorted((one, other) => one - other)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? Number.NaN
  const kilobytes = (full.rssBytes - before.rssBytes) / STREAMS / 1000
  return { kilobytes, p50Ms: at(0.5), p99Ms: at(0.99), lastMs: at(1), stallMs: after.stallMs }
}
