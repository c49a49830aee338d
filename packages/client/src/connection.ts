import { type HubToClient, IsthmusError, type SiteAnswer, type Welcome } from '@isthmus/protocol'
import { type FrameOptions, openFrame } from './frame.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'

export interface ConnectionOptions extends Omit<FrameOptions, 'onWelcome'> {
  readonly onWelcome: (welcome: Pick<Welcome, 'answer' | 'peers' | 'aheadMs'>) => void
  readonly onMessage: (message: Extract<HubToClient, { type: 'push' | 'stream' }>) => void
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
  let closeFrame = (): void => {}
  let port: Promise<Questions | undefined> | undefined

  function close(): void {
    closeFrame()
    port = undefined
  }

  return {
    open() {
      close()
      port = new Promise((resolve) => {
        let opened: Questions | undefined
        const removeFrame = openFrame({
          ...options,
          onWelcome(welcome, port) {
            opened = openQuestions(port, options.timeoutMs, options.onMessage)
            resolve(opened)
            options.onWelcome(welcome)
          },
          onFailure(reason) {
            resolve(undefined)
            options.onFailure(reason)
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
