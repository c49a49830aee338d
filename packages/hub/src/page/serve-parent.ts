import { clientToHub } from 'virtual:isthmus/tables'
import {
  type ClientToHub,
  type HubToClient,
  IsthmusError,
  PROTOCOL_VERSION,
  type SiteAnswer,
  type StreamStatus,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Embedder } from '../embedder-headers.ts'
import type { Api } from './api.ts'
import { followStream } from './follow-stream.ts'

const isthmus = PROTOCOL_VERSION

/** What goes on after the greeting. */
export interface Served {
  /** In a click: links this partition by the browser's leave or, if it gives none, by a bounce of the page. */
  link(): Promise<void>
  stop(): void
}

/** Serves the embedding page over a port whose other end only that page holds, beginning with what it was greeted with. */
export function serveParent(
  port: MessagePort,
  embedder: Embedder,
  worker: string,
  first: SiteAnswer,
  api: Api,
): Served {
  const tell = (message: HubToClient): void => port.postMessage(message)

  const stream = followStream(
    worker,
    embedder,
    api.key,
    (answer) => void onPush(answer),
    (status) => void onStatus(status),
  )
  /** What carries the session for this page. */
  let own = first.carrier
  let contradictions = 0
  /** The session that this page gave its partition by itself: once is enough to see whether that helps. */
  let adopted: string | undefined

  /** Before the hub is called unreachable, the page itself tries: the truth may get through where the stream does not. */
  async function onStatus(status: StreamStatus): Promise<void> {
    const answer = status === 'down' ? await api.ask().catch(() => undefined) : undefined
    if (answer) {
      tell({ isthmus, type: 'push', answer })
      // Once may be a hub that has just come back.
      if (++contradictions > 1) stream.standAlone()
    } else {
      if (status === 'open') contradictions = 0
      tell({ isthmus, type: 'stream', status })
    }
  }

  async function onPush(pushed: SiteAnswer): Promise<void> {
    const { carrier, state } = pushed
    // A partition may still hold another session beside that of the hub's own cookie, which the browser gives to the page alone.
    const another = state.status === 'signed-in' ? !stream.follows(pushed) : carrier !== own
    // Or the session moved on in this browser, or the worker could not prove it. What is true, only the page can find out.
    const lost = carrier === 'none' || state.status === 'unlinked' || another
    const answer = lost ? await api.ask().catch(() => undefined) : pushed
    if (!answer) {
      tell({ isthmus, type: 'stream', status: 'down' })
      return
    }
    if (lost && stream.follows(answer)) await carryStream(answer)
    own = answer.carrier
    stream.follow(answer)
    tell({ isthmus, type: 'push', answer })
  }

  /** The page can prove the session, its worker cannot. */
  async function carryStream({ carrier, state }: SiteAnswer): Promise<void> {
    // Browsers that give access to the hub's own cookie give it to the page alone: its worker needs the partition's.
    const adopts = carrier === 'cookie' && state.status === 'signed-in' && adopted !== state.sid
    if (!adopts) return stream.standAlone()
    adopted = state.sid
    await api.adopt().catch(() => undefined)
    stream.again()
  }

  function act(message: Exclude<ClientToHub, { type: 'visit' }>): Promise<SiteAnswer> {
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
      if (message.type === 'visit') {
        const { isthmus: _, type: __, id: ___, ...input } = message
        const visit = await api.registerVisit(input)
        return tell({ isthmus, type: 'visit-registered', id, visit })
      }
      const answer = await act(message)
      own = answer.carrier
      tell({ isthmus, type: 'answer', id, answer })
      stream.follow(answer)
      stream.wake(answer)
    } catch (error) {
      tell({ isthmus, type: 'refusal', id, code: error instanceof IsthmusError ? error.code : 'internal' })
    }
  }

  stream.follow(first)
  return {
    async link() {
      try {
        // No argument: Chromium takes `undefined` for one.
        await document.requestStorageAccess()
      } catch {
        return tell({ isthmus, type: 'bounce' })
      }
      // Who has never signed in has no session to be linked to; and with access to the cookie the hub can say so.
      const answer = await api.adopt().catch((error: IsthmusError) => {
        if (error.code !== 'no-session') throw error
        return api.ask()
      })
      stream.follow(answer)
      tell({ isthmus, type: 'push', answer })
    },
    stop() {
      port.close()
      stream.leave()
    },
  }
}
