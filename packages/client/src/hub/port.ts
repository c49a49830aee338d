import { type ClientToHub, PROTOCOL_VERSION } from '@isthmus/protocol'
import type { FromHub, Question } from '../session/state.ts'
import { isFromHub } from './guard.ts'

/** A port to the hub: questions go out, and what comes in is looked at. */
export interface Line {
  /** Ends in an answer or a refusal, once; by the time-out at the latest. */
  send(id: number, question: Question): void
  close(): void
}

export function openLine(port: MessagePort, timeoutMs: number, onEvent: (event: FromHub) => void): Line {
  const open = new Set<unknown>()

  port.onmessage = ({ data }) => {
    if (isFromHub(data) && data.type !== 'welcome' && (!('id' in data) || open.delete(data.id))) onEvent(data)
  }

  return {
    send(id, question) {
      open.add(id)
      port.postMessage({ isthmus: PROTOCOL_VERSION, id, ...question } satisfies ClientToHub)
      setTimeout(() => open.delete(id) && onEvent({ type: 'refusal', id, code: 'timeout' }), timeoutMs)
    },
    close() {
      open.clear()
      port.close()
    },
  }
}
