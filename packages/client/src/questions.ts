import { hubToClient } from 'virtual:isthmus/tables'
import {
  type ClientToHub,
  type ErrorCode,
  type HubToClient,
  IsthmusError,
  PROTOCOL_VERSION,
  type SiteAnswer,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'

type Unnumbered<M> = M extends unknown ? Omit<M, 'isthmus' | 'id'> : never

/** What the client can ask over the port. */
export type Question = Unnumbered<Exclude<ClientToHub, { type: 'visit' }>>

const ASK_AGAIN_MS = 1_000

/** One port to the hub, as questions with answers. */
export interface Questions {
  /** Rejects with {@link IsthmusError}: what the hub refused, or `timeout`. */
  ask(question: Question): Promise<SiteAnswer>
  close(): void
}

export function openQuestions(
  port: MessagePort,
  timeoutMs: number,
  onMessage: (message: Extract<HubToClient, { type: 'push' | 'stream' | 'bounce' }>) => void,
): Questions {
  const open = new Map<number, { resolve: (answer: SiteAnswer) => void; reject: (error: IsthmusError) => void }>()
  let last = 0

  function refuse(id: number, code: ErrorCode): void {
    open.get(id)?.reject(new IsthmusError(code))
    open.delete(id)
  }

  port.onmessage = ({ data }) => {
    const read = readAs(hubToClient, data)
    if (read === MISFIT) return
    const message = read as HubToClient
    if (message.type === 'answer') {
      open.get(message.id)?.resolve(message.answer)
      open.delete(message.id)
    } else if (message.type === 'refusal') {
      refuse(message.id, message.code)
    } else if (message.type !== 'visit-registered') {
      onMessage(message)
    }
  }

  return {
    ask(question) {
      const id = ++last
      return new Promise<SiteAnswer>((resolve, reject) => {
        open.set(id, { resolve, reject })
        setTimeout(refuse, timeoutMs, id, 'timeout')
        const send = (): void => port.postMessage({ isthmus: PROTOCOL_VERSION, id, ...question } satisfies ClientToHub)
        send()
        // Firefox loses now and then what a restored page says to a frame that is still on its way back. Asking is free to repeat.
        if (question.type === 'ask') setTimeout(() => open.has(id) && send(), ASK_AGAIN_MS)
      })
    },
    close() {
      port.close()
      for (const id of open.keys()) refuse(id, 'destroyed')
    },
  }
}
