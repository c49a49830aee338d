import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A WebDriver BiDi session (https://www.w3.org/TR/webdriver-bidi/). */
export interface Bidi {
  /** @throws the browser's own words if it refuses */
  send<Result>(method: string, parameters?: object): Promise<Result>
  on<Parameters>(event: string, listener: (parameters: Parameters) => void): void
  close(): void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: string
  readonly message?: string
}

/** Connects to the socket of a browser. */
export async function connectBidi(url: string): Promise<Bidi> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await once(socket, 'open')

  let lastId = 0
  const waiting = new Map<number, (message: Message) => void>()
  const listeners = new Map<string, ((parameters: never) => void)[]>()
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) {
      waiting.get(message.id)?.(message)
      waiting.delete(message.id)
    } else for (const listener of listeners.get(message.method ?? '') ?? []) listener(message.params as never)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const [id, answer] of waiting) answer({ id, error: 'closed', message: 'The browser is gone.' })
    waiting.clear()
  })

  return {
    send: (method, parameters = {}) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error(`${method}: The browser is gone.`))
        const id = ++lastId
        waiting.set(id, ({ result, error, message }) => {
          if (error === undefined) resolve(result as never)
          else reject(new Error(`${method}: ${error}: ${message}`))
        })
        socket.send(JSON.stringify({ id, method, params: parameters }))
      }),
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener])
    },
    close: () => socket.terminate(),
  }
}
