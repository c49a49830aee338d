import { type HubToClient, IsthmusError, RETRY_MAX_MS, type SiteAnswer, type Welcome } from '@isthmus/protocol'
import { type FrameOptions, openFrame } from './frame.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'

export interface ConnectionOptions extends Omit<FrameOptions, 'onWelcome'> {
  readonly onWelcome: (welcome: Pick<Welcome, 'answer' | 'peers' | 'aheadMs'>) => void
  readonly onMessage: (message: Extract<HubToClient, { type: 'push' | 'stream' | 'bounce' }>) => void
}

/** The way to the hub. */
export interface Connection {
  /** Begins anew, and ends in one of the callbacks. After failures it is more patient: a slow network must not begin anew for ever. */
  open(failures: number): void
  /** Asks, once the way is open. Rejects with {@link IsthmusError}. */
  ask(question: Question): Promise<SiteAnswer>
  close(): void
}

/** A frame, and the port that it greets with. */
export function createFrameConnection(options: ConnectionOptions): Connection {
  let closeFrame = (): void => {}
  let port: Promise<Questions | undefined> | undefined

  function close(): void {
    closeFrame()
    port = undefined
  }

  return {
    open(failures) {
      close()
      port = new Promise((resolve) => {
        let opened: Questions | undefined
        const removeFrame = openFrame({
          ...options,
          timeoutMs: patienceAfter(failures, options.timeoutMs),
          onWelcome(welcome, port) {
            opened = openQuestions(port, options.timeoutMs, options.onMessage)
            resolve(opened)
            options.onWelcome(welcome)
          },
          onFailure(cause) {
            resolve(undefined)
            options.onFailure(cause)
          },
        })
        closeFrame = () => {
          removeFrame()
          opened?.close()
          resolve(undefined)
        }
      })
    },
    async ask(question) {
      const open = await port
      if (!open) throw new IsthmusError('unreachable')
      return open.ask(question)
    },
    close,
  }
}

/** How long the next attempt may take: doubled after each failure. The page was told already that the session is unknown. */
export function patienceAfter(failures: number, timeoutMs: number): number {
  return Math.max(timeoutMs, Math.min(timeoutMs * 2 ** failures, RETRY_MAX_MS))
}
