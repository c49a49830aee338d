import { type HubToClient, IsthmusError, type SiteAnswer } from '@isthmus/protocol'
import { type FrameOptions, openFrame } from './frame.ts'
import { openQuestions, type Question, type Questions } from './questions.ts'

export interface ConnectionOptions extends FrameOptions {
  readonly onMessage: (message: Extract<HubToClient, { type: 'push' | 'stream' }>) => void
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
            options.onWelcome(welcome, port)
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
