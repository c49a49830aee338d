import {
  IsthmusError,
  type Origin,
  type SiteAnswer,
  type StreamStatus,
  type UnknownReason,
  type Welcome,
} from '@isthmus/protocol'
import { openFrame } from './frame.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'

export interface ConnectionOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly timeoutMs: number
  readonly onWelcome: (welcome: Welcome) => void
  readonly onPush: (answer: SiteAnswer) => void
  readonly onStream: (status: StreamStatus) => void
  readonly onFailure: (reason: UnknownReason) => void
}

/** The way to the hub: a frame, and the port that it greets with. */
export interface Connection {
  /** Embeds the hub; a frame from before goes. */
  open(): void
  /** Asks over the port, once the frame has opened. Rejects with {@link IsthmusError}. */
  ask(question: Question): Promise<SiteAnswer>
  close(): void
}

export function createConnection(options: ConnectionOptions): Connection {
  const { hub, site, timeoutMs } = options
  let closeFrame = (): void => {}
  let questions: Questions | undefined
  let opening = false
  /** Who asked before the frame had opened. */
  let waiting: (() => void)[] = []

  function settle(opened: Questions | undefined): void {
    questions = opened
    opening = false
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  function close(): void {
    closeFrame()
    questions?.close()
    settle(undefined)
  }

  return {
    open() {
      close()
      opening = true
      closeFrame = openFrame({
        hub,
        site,
        timeoutMs,
        onWelcome(welcome, port) {
          const opened = openQuestions(port, timeoutMs, (message) => {
            if (message.type === 'push') options.onPush(message.answer)
            else options.onStream(message.status)
          })
          settle(opened)
          options.onWelcome(welcome)
        },
        onFailure(reason) {
          settle(undefined)
          options.onFailure(reason)
        },
      })
    },
    async ask(question) {
      if (!questions && opening) await new Promise<void>((resolve) => waiting.push(resolve))
      if (!questions) throw new IsthmusError('unreachable')
      return questions.ask(question)
    },
    close,
  }
}
