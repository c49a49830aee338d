import { IsthmusError, type Origin, type SiteAnswer, type StreamStatus, type UnknownReason } from '@isthmus/protocol'
import { openFrame } from './frame.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'

export interface ConnectionOptions {
  readonly hub: Origin
  readonly site: string | undefined
  readonly wantsToken: boolean
  readonly timeoutMs: number
  readonly onWelcome: (answer: SiteAnswer) => void
  readonly onPush: (answer: SiteAnswer) => void
  readonly onStream: (status: StreamStatus) => void
  readonly onFailure: (reason: UnknownReason) => void
}

/** The way to the hub. */
export interface Connection {
  /** Begins anew, and ends in one of the callbacks. */
  open(): void
  /** Asks, once the way is open. Rejects with {@link IsthmusError}. */
  ask(question: Question): Promise<SiteAnswer>
  close(): void
}

/** A frame, and the port that it greets with. */
export function createFrameConnection(options: ConnectionOptions): Connection {
  const { hub, site, wantsToken, timeoutMs } = options
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
        wantsToken,
        timeoutMs,
        onWelcome(answer, port) {
          const opened = openQuestions(port, timeoutMs, (message) => {
            if (message.type === 'push') options.onPush(message.answer)
            else options.onStream(message.status)
          })
          settle(opened)
          options.onWelcome(answer)
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
