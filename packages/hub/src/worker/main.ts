import { type InRoom, joinElection, type Lock, type StreamMember } from './elect.ts'
import { createStreamKeeper, type Listener } from './keep-stream.ts'
import { openStream } from './open-stream.ts'
import type { ToWorker } from './worker-messages.ts'

type Page = Pick<MessagePort, 'postMessage' | 'onmessage'>

const keeper = createStreamKeeper(openStream)

function listenerOf(page: Page): Listener {
  return { tell: (message) => page.postMessage(message) }
}

/** A page of the partition that this worker is shared in. */
function share(page: Page): void {
  const listener = listenerOf(page)
  page.onmessage = ({ data }: MessageEvent<ToWorker>) => keeper.receive(listener, data)
}

/** The page whose own worker this is. */
function serve(page: Page): void {
  const listener = listenerOf(page)
  let member: StreamMember | undefined
  page.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    const room = data.type === 'follow' ? data.room : undefined
    member ??= room === undefined ? undefined : elect(listener, room)
    if (!member) return keeper.receive(listener, data)
    if (data.type !== 'leave') return member.receive(data)
    member.leave()
    member = undefined
  }
}

/** Where the user has switched storage off, there is no election, and the worker serves its page alone. */
function elect(page: Listener, room: string): StreamMember | undefined {
  try {
    const lock: Lock = {
      request: (steal, signal, onHeld) => navigator.locks.request(room, steal ? { steal } : { signal }, onHeld),
    }
    const channel = new BroadcastChannel(room) as BroadcastChannel & {
      onmessage: ((event: { data: InRoom }) => void) | null
    }
    return joinElection(page, channel, lock, openStream)
  } catch {
    return undefined
  }
}

// A SharedWorker is connected to; a dedicated worker is written to.
const scope = self as unknown as Page & { onconnect: ((event: MessageEvent) => void) | null }
if ('onconnect' in self) {
  scope.onconnect = ({ ports: [port] }) => {
    if (port) share(port)
  }
} else {
  serve(scope)
}
