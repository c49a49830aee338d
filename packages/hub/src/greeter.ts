import { type HubPageData, type HubToClient, PROTOCOL_VERSION, type Welcome } from '@isthmus/protocol'
import type { GreetedWindow } from './greeting.ts'

// Inline in the hub document, and so part of every page view: it greets where a cookie has proved the session, and
// leaves all else to the script. What is inlined beside it comes from the same answer of the server.
const isthmus = PROTOCOL_VERSION
const data = JSON.parse((document.getElementById('isthmus') as HTMLElement).textContent as string) as HubPageData
const heard: MessageEvent[] = []
const hear = (event: MessageEvent): void => {
  heard.push(event)
}
let port: MessagePort | undefined

const { answer, origin, peers } = data
addEventListener('message', hear)
if (answer && origin && answer.carrier !== 'none' && parent !== window) {
  const channel = new MessageChannel()
  port = channel.port1
  const welcome: Welcome = { isthmus, type: 'welcome', answer, peers, aheadMs: data.now - Date.now() }
  // Named exactly: if the parent is anyone else, the browser drops message and port.
  parent.postMessage(welcome, origin, [channel.port2])
  if (answer.state.status === 'signed-in') {
    port.postMessage({ isthmus, type: 'stream', status: 'connecting' } satisfies HubToClient)
  }
}
const greeted = window as GreetedWindow
greeted.isthmusGreeting = { data, port, heard, stop: () => removeEventListener('message', hear) }
