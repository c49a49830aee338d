import type { Connection, ConnectionOptions, Transport } from './connection.ts'
import { patienceAfter } from './connection.ts'
import { openFrame } from './frame.ts'
import { openLine } from './port.ts'

/** A frame, and the port that it greets with. */
export const frameTransport: Transport = { directive: 'frame-src', isLive: true, connect }

function connect(options: ConnectionOptions): Connection {
  const { timeoutMs, onEvent } = options
  let line: ReturnType<typeof openLine> | undefined
  let removeFrame = (): void => {}

  function close(): void {
    line?.close()
    line = undefined
    removeFrame()
  }

  return {
    open(failures) {
      close()
      removeFrame = openFrame({
        ...options,
        timeoutMs: patienceAfter(failures, timeoutMs),
        onWelcome({ answer, peers, aheadMs }, port) {
          line = openLine(port, timeoutMs, onEvent)
          onEvent({ type: 'greeted', answer, peers: peers.split(' '), aheadMs })
        },
        onFailure: (cause) => onEvent({ type: 'frame-failed', cause }),
        onRemoved: (soon) => onEvent({ type: 'frame-removed', soon }),
      })
    },
    send: (id, question) => line?.send(id, question),
    close,
  }
}
