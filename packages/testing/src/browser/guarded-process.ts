import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that does not outlive us. */
export interface GuardedProcess {
  /** What it has written to stderr, at most the last 10,000 characters. */
  said(): string
  /** File descriptor 3, which the program may write to. */
  readonly pipe: Readable
  /** Fulfilled when the program has ended. */
  readonly ended: Promise<void>
  /**
   * Asks again until there is an answer, as there is once the program has started.
   *
   * @throws with its last words, if the program ends or takes longer than a minute
   */
  ready<Answer>(ask: () => Answer | undefined | Promise<Answer | undefined>): Promise<Answer>
  /** Ends the program and all that it started, and waits for it: first by a word, after `graceMs` (3 s) by force. */
  stop(graceMs?: number): Promise<void>
}

const GRACE_MS = 3_000
const startMs = 60_000
const pollMs = 10

/*
 * The shell leads a process group with the program and all its children. The watcher reads from us: when we die, however
 * we die, the system closes our end, and the whole group goes. The shell handles TERM and so stays until the program,
 * which does not inherit the handler, is gone and waited for.
 */
const guard = `
exec 4<&0
trap : TERM
(trap - TERM; read -r _ <&4; kill -KILL 0) 3>&- &
watcher=$!
"$@" 4<&- </dev/null &
program=$!
while kill -0 $program 2>/dev/null; do wait $program; done
kill -KILL $watcher
wait $watcher 2>/dev/null
`

/** Starts a program in a process group of its own. */
export function startGuarded(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): GuardedProcess {
  const options: SpawnOptions = { detached: true, stdio: ['pipe', 'ignore', 'pipe', 'pipe'], env: environment }
  const shell: ChildProcess = spawn('/bin/sh', ['-c', guard, 'sh', command, ...parameters], options)
  const group = shell.pid
  if (group === undefined) throw new Error('/bin/sh does not start')

  let said = ''
  shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000)
  })
  // The program may close its end first.
  shell.stdin?.on('error', () => {})
  const ended = once(shell, 'exit').then(() => undefined)
  const ready: GuardedProcess['ready'] = async (ask) => {
    const deadline = Date.now() + startMs
    for (;;) {
      const answer = await ask()
      if (answer !== undefined) return answer
      const hasEnded = shell.exitCode !== null || shell.signalCode !== null
      if (hasEnded || Date.now() > deadline) throw new Error(`${command} does not start. It says: ${said}`)
      await sleep(pollMs)
    }
  }
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-group, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  let stopped: Promise<void> | undefined
  const stop = async (graceMs: number): Promise<void> => {
    signal('SIGTERM')
    const inTime = await Promise.race([ended.then(() => true), sleep(graceMs, false, { ref: false })])
    // Those whose parent died first are in the group still.
    signal('SIGKILL')
    if (!inTime) await ended
    for (const stream of shell.stdio) stream?.destroy()
  }
  return {
    said: () => said,
    pipe: shell.stdio[3] as Readable,
    ended,
    ready,
    stop: (graceMs = GRACE_MS) => {
      stopped ??= stop(graceMs)
      return stopped
    },
  }
}
