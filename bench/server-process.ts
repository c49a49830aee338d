import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a server in a process of its own tells: first that it listens, then what it has used, whenever it is asked. */
export interface Ready {
  readonly port: number
  /** Headers of a request that it answers with a signed-in session. */
  readonly headers: Readonly<Record<string, string>>
  readonly path: string
}

export interface Usage {
  /** Processor time of the whole process, in µs. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** The longest that the event loop stood still since the last question, in ms. */
  readonly stallMs: number
}

/** A server in a process of its own: its processor time and memory are its own too. */
export interface ServerProcess extends AsyncDisposable {
  readonly ready: Ready
  usage(): Promise<Usage>
  /** Has the server do something, and tells what came of it. */
  tell(order: string): Promise<unknown>
}

/** Starts `servers/<file>`; it must call `reportReady`. */
export async function startServer(
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(`./servers/${file}.js`, import.meta.url))
  const child: ChildProcess = fork(path, args, { execArgv: [...flags] })
  const ready = await answerOf<Ready>(child)
  async function ask<Answer>(order: string): Promise<Answer> {
    const answer = answerOf<Answer>(child)
    child.send(order)
    return answer
  }
  return {
    ready,
    usage: () => ask<Usage>('usage'),
    tell: (order) => ask(order),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.send('close')
      await ended
    },
  }
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const gone = new AbortController()
  const exited = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`The server ended with code ${code}.`)
  })
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal: gone.signal }), exited])) as [Answer]
    return answer
  } finally {
    gone.abort()
    exited.catch(() => undefined)
  }
}
