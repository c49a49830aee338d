import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { OpenStream, Stream } from './open-stream.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** A page, or the pages of a partition, as a worker tells them of the stream. */
export interface Listener {
  tell(message: FromWorker): void
}

/** The one stream of a worker. */
export interface StreamKeeper {
  receive(listener: Listener, message: ToWorker): void
  /** The session that is followed; nothing where the stream rests. */
  followed(): string | undefined
}

/** Keeps one stream for any number of listeners. `onAlive` hears whenever the hub does, and of every attempt to hear it. */
export function createStreamKeeper(openStream: OpenStream, onAlive: () => void = () => {}): StreamKeeper {
  const listeners = new Set<Listener>()
  let stream: Stream | undefined
  let followed: string | undefined
  let status: StreamStatus = 'idle'
  let latest: SiteAnswer | undefined

  function broadcast(message: FromWorker): void {
    for (const listener of listeners) listener.tell(message)
  }

  function close(): void {
    const closing = stream
    stream = undefined
    latest = undefined
    followed = undefined
    closing?.close()
  }

  return {
    receive(listener, message) {
      if (message.type === 'leave') {
        listeners.delete(listener)
        if (listeners.size === 0) close()
        return
      }
      if (message.type === 'wake') {
        stream?.wake(message.revision)
        return
      }
      listeners.add(listener)
      if (followed === message.sid && stream) {
        // What was said before this page came must not be missed; an old revision is dropped by its reader.
        if (latest) listener.tell({ type: 'answer', answer: latest })
        listener.tell({ type: 'stream', status })
        return
      }
      // Another session: only a new request carries its proof.
      close()
      followed = message.sid
      stream = openStream(message, {
        onAnswer(answer) {
          latest = answer
          broadcast({ type: 'answer', answer })
          if (answer.state.status !== 'signed-in') close()
        },
        onStatus(next) {
          status = next
          broadcast({ type: 'stream', status })
          onAlive()
        },
        onAlive,
        onKeyless: () => broadcast({ type: 'keyless' }),
      })
    },
    followed: () => followed,
  }
}
