import { hubToClient } from 'virtual:isthmus/tables'
import { type ClientToHub, type HubToClient, PROTOCOL_VERSION } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Question } from '../session/state.ts'
import type { FromHub } from './connection.ts'

const ASK_AGAIN_MS = 1_000

/** A port to the hub: questions go out, and what comes in is parsed. */
export interface Line {
  /** Ends in `answered`, `registered` or `refused`, once; by the time-out at the latest. */
  send(id: number, question: Question): void
  close(): void
}

export function openLine(port: MessagePort, timeoutMs: number, onEvent: (event: FromHub) => void): Line {
  const timers = new Map<number, ReturnType<typeof setTimeout>>()

  /** Whether a question is open; it is not afterwards. */
  function settle(id: number): boolean {
    clearTimeout(timers.get(id))
    return timers.delete(id)
  }

  port.onmessage = ({ data }) => {
    const read = readAs(hubToClient, data)
    if (read === MISFIT) return
    const message = read as HubToClient
    if (message.type === 'answer') {
      if (settle(message.id)) onEvent({ type: 'answered', id: message.id, answer: message.answer })
    } else if (message.type === 'refusal') {
      if (settle(message.id)) onEvent({ type: 'refused', id: message.id, code: message.code })
    } else if (message.type === 'visit-registered') {
      if (settle(message.id)) onEvent({ type: 'registered', id: message.id, visit: message.visit })
    } else if (message.type === 'push') {
      onEvent({ type: 'told', via: 'push', answer: message.answer })
    } else {
      onEvent(message)
    }
  }

  return {
    send(id, question) {
      const giveUp = (): void => void (settle(id) && onEvent({ type: 'refused', id, code: 'timeout' }))
      timers.set(id, setTimeout(giveUp, timeoutMs))
      const post = (): void => port.postMessage({ isthmus: PROTOCOL_VERSION, id, ...question } satisfies ClientToHub)
      post()
      // Firefox loses now and then what a restored page says to a frame that is still on its way back. Asking is free to repeat.
      if (question.type === 'ask') setTimeout(() => timers.has(id) && post(), ASK_AGAIN_MS)
    },
    close() {
      port.close()
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
