import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Ready } from './server-process.ts'

export interface Load {
  readonly requests: number
  readonly seconds: number
  /** Time of one answer, in ms. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * Asks the same over so many connections, each as soon as it has its answer, for a while. It parses as little as it can,
 * so that the server is what is measured: answers to one request are equally long, and the first one says how long.
 */
export async function load(ready: Ready, connections: number, durationMs: number): Promise<Load> {
  const request = requestText(ready)
  const length = await answerLength(ready.port, request)
  const times: number[] = []
  const startedAt = performance.now()
  let over = false
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(ready.port)))
  const done = sockets.map(
    (socket) =>
      new Promise<void>((resolve, reject) => {
        let missing = length
        let askedAt = performance.now()
        socket.on('error', reject)
        socket.on('close', () => (over ? resolve() : reject(new Error('The server closed a connection.'))))
        socket.on('data', (data) => {
          if (missing === length && !data.toString('latin1', 0, 12).startsWith('HTTP/1.1 200')) {
            return reject(new Error(`The server answered ${data.toString('latin1', 0, 100)}`))
          }
          missing -= data.length
          if (missing > 0) return
          if (missing < 0) return reject(new Error('An answer was longer than the first one.'))
          const now = performance.now()
          times.push(now - askedAt)
          missing = length
          askedAt = now
          if (over) socket.destroy()
          else socket.write(request)
        })
        socket.write(request)
      }),
  )
  const timer = setTimeout(() => {
    over = true
  }, durationMs)
  await Promise.all(done)
  clearTimeout(timer)
  const seconds = (performance.now() - startedAt) / 1000
  times.sort((one, other) => one - other)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? Number.NaN
  return { requests: times.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

function requestText({ port, path, headers }: Ready): string {
  const lines = Object.entries({ host: `localhost:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

/** How many bytes an answer has, with its head. */
async function answerLength(port: number, request: string): Promise<number> {
  const socket = await open(port)
  socket.write(request)
  let text = ''
  for await (const data of socket) {
    text += (data as Buffer).toString('latin1')
    const head = text.indexOf('\r\n\r\n')
    const body = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
    if (head < 0) continue
    if (body === undefined) throw new Error('An answer without Content-Length cannot be counted.')
    if (text.length < head + 4 + Number(body)) continue
    return head + 4 + Number(body)
  }
  throw new Error('The server closed the connection.')
}
