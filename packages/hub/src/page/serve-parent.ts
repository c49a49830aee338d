import { clientToHub } from 'virtual:isthmus/tables'
import {
  type ClientToHub,
  type HubToClient,
  IsthmusError,
  PROTOCOL_VERSION,
  type SiteAnswer,
  type Welcome,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Api } from './api.ts'
import { followStream } from './follow-stream.ts'

const isthmus = PROTOCOL_VERSION

/**
 * Greets the embedding page and serves it from then on. The greeting names the exact origin that the server matched:
 * if the parent is anyone else, the browser drops the message, and the port with it.
 */
export function serveParent(origin: string, worker: string, first: SiteAnswer, api: Api): void {
  const { port1: port, port2 } = new MessageChannel()
  const tell = (message: HubToClient): void => port.postMessage(message)

  const stream = followStream(
    worker,
    origin,
    (answer) => void onPush(answer),
    (status) => tell({ isthmus, type: 'stream', status }),
  )

  async function onPush(pushed: SiteAnswer): Promise<void> {
    // The session moved on in this browser. The cookie may have moved with it, which only a new request can tell.
    const answer = pushed.state.status === 'signed-in' ? pushed : await api.ask().catch(() => pushed)
    stream.follow(answer)
    tell({ isthmus, type: 'push', answer })
  }

  function act(message: ClientToHub): Promise<SiteAnswer> {
    switch (message.type) {
      case 'ask':
        return api.ask()
      case 'touch':
        return api.touch()
      case 'sign-out':
        return api.signOut()
      case 'redeem':
        return api.redeem({ ticket: message.ticket, verifier: message.verifier })
    }
  }

  port.onmessage = async ({ data }) => {
    const read = readAs(clientToHub, data)
    if (read === MISFIT) return
    const message = read as ClientToHub
    const { id } = message
    try {
      const answer = await act(message)
      tell({ isthmus, type: 'answer', id, answer })
      stream.follow(answer)
    } catch (error) {
      tell({ isthmus, type: 'refusal', id, code: error instanceof IsthmusError ? error.code : 'internal' })
    }
  }

  parent.postMessage({ isthmus, type: 'welcome', answer: first } satisfies Welcome, origin, [port2])
  stream.follow(first)
}
