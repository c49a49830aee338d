import { type Frame, openFrame } from './frame.ts'
import { type Line, openLine } from './port.ts'
import { patienceAfter, type Transport } from './transport.ts'

/** A frame, and the port that it greets with. */
export const frameTransport: Transport = {
  directive: 'frame-src',
  isLive: true,
  connect(options) {
    const { timeoutMs, onEvent } = options
    let line: Line | undefined
    let frame: Frame | undefined

    function close(): void {
      line?.close()
      frame?.remove()
    }

    return {
      get frame() {
        return frame?.element
      },
      open(failures) {
        close()
        frame = openFrame(
          options,
          patienceAfter(failures, timeoutMs),
          (welcome, port) => {
            line = openLine(port, timeoutMs, onEvent)
            onEvent(welcome)
          },
          (cause) => onEvent({ type: 'frame-failed', cause }),
        )
      },
      send: (id, question) => line?.send(id, question),
      close,
    }
  },
}
